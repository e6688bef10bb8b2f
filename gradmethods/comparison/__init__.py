"""Providers held against each other on one problem, and which of them to use.

Nothing here differentiates or decides who is right: that is the providers' and `accuracy`'s. Read
`compare.py` first.
"""

from gradmethods.comparison.advice import Advice
from gradmethods.comparison.candidates import advise
from gradmethods.comparison.choices import Choice, Option
from gradmethods.comparison.compare import DEFAULT_PROVIDERS, compare
from gradmethods.comparison.comparison import Comparison

__all__ = [
    "DEFAULT_PROVIDERS",
    "Advice",
    "Choice",
    "Comparison",
    "Option",
    "advise",
    "compare",
]
