"""Losses in complex arithmetic, for the complex step."""

from gradmethods.holomorphic.namespace import FUNCTIONS, Holomorphic

__all__ = ["FUNCTIONS", "Holomorphic"]
