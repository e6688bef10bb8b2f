"""What a gradient costs: time, exact counts, and how they grow with the number of parameters.

Nothing here judges a gradient or writes a file. Read `timing.py` first.
"""

from gradmethods.cost.counts import Counter, counted
from gradmethods.cost.estimates import Estimate
from gradmethods.cost.fits import PowerLaw, fit_asymptote, fit_power_law
from gradmethods.cost.noise import noise_floor
from gradmethods.cost.rounds import Cost
from gradmethods.cost.timing import measure

__all__ = [
    "Cost",
    "Counter",
    "Estimate",
    "PowerLaw",
    "counted",
    "fit_asymptote",
    "fit_power_law",
    "measure",
    "noise_floor",
]
