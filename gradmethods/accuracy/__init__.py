"""The accuracy report: every method against the certified gradient, over problems, steps and mistakes.

Nothing here decides who is right: that is `gradmethods.truth`. Read `report.py` first.
"""

from gradmethods.distance import Error, error, gradient_error

__all__ = ["Error", "error", "gradient_error"]
