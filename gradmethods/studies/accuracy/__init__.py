"""The accuracy report: all methods against certified gradients, over problems, steps, mistakes.

Nothing here decides who is right: that is `gradmethods.truth`. Read `report.py` first.
"""

from gradmethods.core.distance import Error, error, gradient_error

__all__ = ["Error", "error", "gradient_error"]
