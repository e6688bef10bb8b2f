"""Squared error against cross entropy: what each makes of a prediction that is badly wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from gradmethods import problems
from gradmethods.core.problem import Problem
from gradmethods.problems import datasets
from gradmethods.problems.predictions import accuracy
from gradmethods.problems.shared_formulas import (
    cross_entropy,
    logistic_loss,
    sigmoid,
    squared_error,
)
from gradmethods.providers import Backprop
from gradmethods.studies.training import train, undisturbed

if TYPE_CHECKING:
    import pandas as pd

GOOD = 0.95

LOSSES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "squared error": lambda z, t, xp: squared_error(sigmoid(z, xp), t, xp),
    "cross entropy": lambda z, t, xp: cross_entropy(sigmoid(z, xp), t, xp),
    "cross entropy, from logits": logistic_loss,
}
"""Functions of the logit z, of which the prediction is σ(z)."""


def logit_problem(name: str, z: float = 0.0) -> Problem:
    """Make the problem of one example of class 1 with one parameter, its logit."""
    of_logit = LOSSES[name]

    def loss(params: Any, t: Any, *, xp: Any = np) -> Any:
        return of_logit(params["z"], t, xp)

    return Problem(loss, {"z": np.array(z)}, {"t": 1.0}, name=name)


def logit_gradients(logits: Sequence[float] | NDArray[Any] | None = None) -> pd.DataFrame:
    """Compute ∂L/∂z of an example of class 1 at several logits, for each of `LOSSES`.

    At the left end the prediction is as wrong as can be. Columns: loss, z, y, value, gradient. Both
    are as backpropagation computes them: the value is NaN where the formula breaks down, though the
    gradient, in which the term that breaks has the factor 0, may still be right.

    Examples
    --------
    >>> table = logit_gradients([-20.0]).set_index("loss")["gradient"]
    >>> bool(abs(table["squared error"]) < 1e-8), bool(table["cross entropy"] < -0.999)
    (True, True)
    """
    import pandas as pd

    z = np.linspace(-50, 50, 401) if logits is None else np.asarray(logits, float)
    rows = []
    for name in LOSSES:
        prepared = Backprop().prepare(logit_problem(name))
        for at in z:
            value, gradient = prepared({"z": np.array(at)})
            row = {"loss": name, "z": at, "y": 1 / (1 + math.exp(-at)), "value": float(value)}
            rows.append(row | {"gradient": float(cast("Any", gradient)["z"])})
    return pd.DataFrame(rows)


def wrong_start(
    weights: Sequence[float] = (1.0, 2.0, 4.0),
    seeds: Sequence[int] = range(10),
    *,
    epochs: int = 2000,
) -> pd.DataFrame:
    """Train one sigmoid unit from a badly wrong start, with squared error and with cross entropy.

    The data are two neighbouring corners of XOR, which a line separates; the only thing that is
    wrong is the start, whose weight across that line has the wrong sign. Its logits are about three
    times the weight.

    Parameters
    ----------
    weights : sequence of float
        The wrong weight at the start.
    seeds : sequence of int
        Of the data.
    epochs : int
        As in `gradmethods.train`.

    Returns
    -------
    pandas.DataFrame
        Columns: loss, weight, seed, epoch, accuracy.
    """
    import pandas as pd

    frames = []
    for seed in seeds:
        X, t = datasets.xor(400, seed=seed)
        data = {"X": X[np.arange(400) % 4 < 2], "t": t[np.arange(400) % 4 < 2, None]}
        for weight in weights:
            start = {"W1": np.array([[weight, 0.0]]), "b1": np.zeros(1)}
            for name, kind in (
                ("squared error", "squared-error"),
                ("cross entropy, from logits", "logits"),
            ):
                unit = problems.get("mlp", widths=(2, 1), loss=kind)
                problem = Problem(unit.loss, start, data, name=name)
                run = undisturbed(train(problem, epochs=epochs))
                shares = [accuracy(run.problem, run.at(point)) for point in run.points]
                rows = {"epoch": np.arange(len(shares)) * run.every, "accuracy": shares}
                frames.append(pd.DataFrame({"loss": name, "weight": weight, "seed": seed} | rows))
    return pd.concat(frames, ignore_index=True)


def recovery(training: pd.DataFrame) -> pd.DataFrame:
    """Return when each run of `wrong_start` reaches the accuracy `GOOD`; NaN if it never does.

    Columns: loss, weight, seed, epoch.
    """
    keys = ["loss", "weight", "seed"]
    reached = training[training["accuracy"] >= GOOD].groupby(keys, sort=False)["epoch"].min()
    return training[keys].drop_duplicates().join(reached, on=keys).reset_index(drop=True)
