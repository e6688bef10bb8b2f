"""Training from many seeds: how often it succeeds, and what is the matter where it does not.

The second derivatives that tell a minimum from a saddle come from differences of gradients.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradmethods import problems
from gradmethods.problems.predictions import probabilities
from gradmethods.providers import Backprop
from gradmethods.studies.training import EPOCHS, Training, train, undisturbed

if TYPE_CHECKING:
    import pandas as pd

GOOD = 0.95
"""Accuracy from which a run counts as a success."""

LONGER = 10
"""A run that failed goes on for so many times its epochs, to see whether it was only slow."""

FLAT = 1e-2
"""A norm of the gradient below this is called a plateau: a step moves no weight by more."""


def seed_study(
    name: str, seeds: Iterable[int] = range(20), *, epochs: int = EPOCHS
) -> pd.DataFrame:
    """Train a problem of the catalogue from several seeds, and look at the runs that fail.

    Parameters
    ----------
    name : str
        ``"island"``, ``"xor"`` or ``"moons"``, or another classifier of the catalogue.
    seeds : iterable of int
        Each decides weights and data.
    epochs : int
        As in `gradmethods.train`.

    Returns
    -------
    pandas.DataFrame
        A row for each seed: data, seed, accuracy, loss, good (accuracy of at least 0.95); of the
        others also what `diagnosis` finds.

    Examples
    --------
    >>> table = seed_study("island", range(3), epochs=500)
    >>> table["good"].tolist()
    [True, True, True]
    """
    import pandas as pd

    rows = []
    for seed in seeds:
        run = undisturbed(train(problems.get(name, seed=seed), epochs=epochs))
        good = bool((run.accuracy or 0.0) >= GOOD)
        row = {"data": name, "seed": seed, "accuracy": run.accuracy, "loss": run.losses[-1]}
        rows.append({**row, "good": good, **({} if good else diagnosis(run))})
    columns = [
        "data", "seed", "accuracy", "loss", "good", "kind", "gradient_norm", "least_curvature",
        "largest_curvature", "class_0", "class_1", "saturated", "alike", "least_effect",
        "later_accuracy", "later_loss",
    ]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=columns)


def diagnosis(run: Training) -> dict[str, Any]:
    """Say where a run that failed has come to rest, in numbers.

    Parameters
    ----------
    run : Training
        Of a network with one output.

    Returns
    -------
    dict
        kind: ``diverged``; ``moving`` (the gradient is not small); ``saddle`` (small, but the loss
        is concave in some direction) or ``minimum``; gradient_norm, and the least and largest
        eigenvalue of the Hessian; class_0 and class_1, the share of each that is predicted;
        saturated, alike and least_effect, as `hidden_units` finds them; later_accuracy and
        later_loss, after `LONGER` times the epochs more.
    """
    problem = run.problem
    prepared = Backprop().prepare(problem)

    def gradient(point: NDArray[Any]) -> NDArray[Any]:
        return prepared.flat(point)[1]

    norm = float(np.linalg.norm(gradient(run.last)))
    curvature = np.linalg.eigvalsh(hessian(gradient, run.last))
    kind = "diverged" if run.stopped else "moving" if norm > FLAT else None
    y, t = probabilities(problem, run.params), problem.data["t"]
    assert y is not None
    right = (y > 0.5) == (t.reshape(y.shape) == 1)
    on = problem.replace(params=run.params)
    later = undisturbed(train(on, epochs=LONGER * max(1, run.epochs), rate=run.rate))
    return {
        "kind": kind or ("saddle" if curvature[0] < -_noise(curvature) else "minimum"),
        "gradient_norm": norm,
        "least_curvature": float(curvature[0]),
        "largest_curvature": float(curvature[-1]),
        "class_0": float(right[t.reshape(y.shape) == 0].mean()),
        "class_1": float(right[t.reshape(y.shape) == 1].mean()),
        **hidden_units(run),
        "later_accuracy": later.accuracy,
        "later_loss": float(later.losses[-1]),
    }


def hessian(gradient: Any, point: NDArray[Any]) -> NDArray[np.float64]:
    """Return second derivatives at a flat point by central differences of gradients.

    The step is ∛(3u) max(1, |x|), which balances truncation and round-off, as for the gradient
    itself (see `gradmethods.providers.schemes`). About ten digits come out.
    """
    u = float(np.finfo(np.float64).eps) / 2
    rows = []
    for i, x in enumerate(point):
        ahead, behind = point.astype(float), point.astype(float)
        step = np.cbrt(3 * u) * max(1.0, abs(x))
        ahead[i], behind[i] = x + step, x - step
        rows.append((gradient(ahead) - gradient(behind)) / (ahead[i] - behind[i]))
    matrix = np.array(rows)
    return np.asarray((matrix + matrix.T) / 2)


def hidden_units(run: Training) -> dict[str, float]:
    """Say what the sigmoid units of the one hidden layer do on the examples.

    Returns
    -------
    dict
        saturated, the share of examples × units within 0.01 of 0 or 1; alike, the largest absolute
        correlation of two units (near 1, one of them is spare); least_effect, the smallest standard
        deviation of what a unit adds to the logit (near 0, that unit is spare).
    """
    params: Any = run.params
    z = run.problem.data["X"] @ params["W1"].T + params["b1"]
    with np.errstate(over="ignore"):
        h = 1 / (1 + np.exp(-z))
    spread = h.std(axis=0)
    centred = h - h.mean(axis=0)
    products = abs(centred.T @ centred) / len(h)
    size = np.outer(spread, spread)
    correlation = np.divide(products, size, out=np.zeros_like(size), where=size > 0)
    np.fill_diagonal(correlation, 0)
    return {
        "saturated": float((abs(z) > np.log(99)).mean()),
        "alike": float(correlation.max()),
        "least_effect": float((abs(np.ravel(params["W2"])) * spread).min()),
    }


def _noise(curvature: NDArray[Any]) -> float:
    """Return what an eigenvalue must exceed to be told from the error of the differences."""
    return 1e-8 * float(abs(curvature).max())
