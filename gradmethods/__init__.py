"""Compare ways to compute a gradient: analytical, numerical and by backpropagation."""

from gradmethods.problem import Problem
from gradmethods.providers.backprop import Backprop

__all__ = ["Backprop", "Problem"]
