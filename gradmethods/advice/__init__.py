"""Advice: which method to use for a loss, for how many gradients, and to how many digits.

The words of it are in `gradmethods.report.advice`.
"""

from gradmethods.advice.advice import Advice, Choice, Option
from gradmethods.advice.measure import advice_on, advise

__all__ = ["Advice", "Choice", "Option", "advice_on", "advise"]
