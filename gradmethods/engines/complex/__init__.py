"""Losses in complex arithmetic, for the complex step."""

from gradmethods.engines.complex.namespace import Holomorphic

__all__ = ["Holomorphic"]
