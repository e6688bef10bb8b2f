"""How far a gradient is from the truth, what theory allows, and who is right.

Nothing here times, compares for a user or draws. Read `distance.py` on the ground, then
`verdict.py`.
"""

from gradmethods.accuracy.bounds import bound
from gradmethods.accuracy.measures import Measures, measure
from gradmethods.accuracy.tolerances import tolerance
from gradmethods.accuracy.verdict import Verdict, verdict
from gradmethods.distance import Error, error, gradient_error

__all__ = [
    "Error",
    "Measures",
    "Verdict",
    "bound",
    "error",
    "gradient_error",
    "measure",
    "tolerance",
    "verdict",
]
