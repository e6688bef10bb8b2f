"""What a gradient costs: time, exact counts, and how they grow with the number of parameters.

Nothing here judges a gradient or writes a file. Read `timing.py` first.
"""

from gradmethods.timing.bootstrap import Estimate
from gradmethods.timing.counts import Counter, counted
from gradmethods.timing.fits import PowerLaw, fit_asymptote, fit_power_law
from gradmethods.timing.rounds import Cost
from gradmethods.timing.timing import measure

__all__ = [
    "Cost",
    "Counter",
    "Estimate",
    "PowerLaw",
    "counted",
    "fit_asymptote",
    "fit_power_law",
    "measure",
]
