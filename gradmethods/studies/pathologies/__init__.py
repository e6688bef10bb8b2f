"""What goes wrong in training, seen in gradients: vanishing, exploding, dying, and a mild loss.

Every gradient comes from backpropagation, and the tests hold it against the other methods. Tables
come out; nothing is drawn here. Read `losses.py` first.
"""

from gradmethods.studies.pathologies.depth import INITIALISATIONS, gradient_norms, initial_weights
from gradmethods.studies.pathologies.dying import dead_units, dying_units
from gradmethods.studies.pathologies.losses import (
    LOSSES,
    logit_gradients,
    logit_problem,
    recovery,
    wrong_start,
)

__all__ = [
    "INITIALISATIONS",
    "LOSSES",
    "dead_units",
    "dying_units",
    "gradient_norms",
    "initial_weights",
    "logit_gradients",
    "logit_problem",
    "recovery",
    "wrong_start",
]
