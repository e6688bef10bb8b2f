"""Losses in complex arithmetic, for the complex step."""

from gradmethods.holomorphic.namespace import Holomorphic

__all__ = ["Holomorphic"]
