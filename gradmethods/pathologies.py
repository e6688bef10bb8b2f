"""What goes wrong in training, seen in gradients: vanishing, exploding, dying, and a mild loss.

Every gradient comes from backpropagation, and the tests hold it against the other methods. Tables
come out; figures of them are `gradmethods.report.pathologies`.

Sources: X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural
networks, AISTATS 2010 (Xavier); K. He, X. Zhang, S. Ren and J. Sun, Delving deep into rectifiers,
ICCV 2015 (He); B. Poole et al., NeurIPS 2016 (critical scale); A. Karpathy, Yes you should
understand backprop, 2016.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradmethods import problems
from gradmethods.problem import Problem
from gradmethods.problems import datasets
from gradmethods.problems.functions import cross_entropy, logistic_loss, sigmoid, squared_error
from gradmethods.problems.mlp import ACTIVATIONS, scaled_weights
from gradmethods.problems.predictions import accuracy
from gradmethods.providers import Backprop
from gradmethods.structure import Arrays
from gradmethods.training import Training, train

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 32
DEPTHS = (1, 2, 4, 8, 16, 32)
SEEDS = range(10)

SCALES: dict[str, Callable[[int, int], float]] = {
    "standard normal": lambda _, __: 1.0,
    "Xavier": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),
    "He": lambda fan_in, _: math.sqrt(2 / fan_in),
}
"""Standard deviations of normal weights; biases are zero."""

INITIALISATIONS = (*SCALES, "critical")
"""The last is that of problem ``mlp``, which has biases."""


def initial_weights(
    widths: Sequence[int], activation: str, initialisation: str, rng: np.random.Generator
) -> Arrays:
    """Draw the weights of a multilayer perceptron.

    Parameters
    ----------
    widths : sequence of int
        Units per layer.
    activation : str
        Of the hidden layers; the critical scale depends on it.
    initialisation : str
        One of `INITIALISATIONS`.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to numpy.ndarray
        W1, b1, W2, b2, …, of the shapes of problem ``mlp``.
    """
    if initialisation == "critical":
        return scaled_weights(tuple(widths), activation, rng)
    arrays: Arrays = {}
    for k, (fan_in, fan_out) in enumerate(pairwise(widths), 1):
        scale = SCALES[initialisation](fan_in, fan_out)
        arrays[f"W{k}"] = scale * rng.standard_normal((fan_out, fan_in))
        arrays[f"b{k}"] = np.zeros(fan_out)
    return arrays


def gradient_norms(
    depths: Sequence[int] = DEPTHS,
    *,
    activations: Sequence[str] = tuple(ACTIVATIONS),
    seeds: Sequence[int] = SEEDS,
    width: int = WIDTH,
    batch: int = 50,
) -> pd.DataFrame:
    """Measure the gradient of each layer's weights in networks of several depths, at their start.

    Parameters
    ----------
    depths : sequence of int
        Numbers of hidden layers.
    activations : sequence of str
        Of the hidden layers.
    seeds : sequence of int
        Each draws weights and data.
    width, batch : int
        Units of each hidden layer and of the input, and examples. The inputs are standard normal.

    Returns
    -------
    pandas.DataFrame
        Columns: activation, initialisation, depth, seed, layer (1 is next to the input), norm (of
        ∂L/∂W of that layer, Frobenius).

    Examples
    --------
    >>> table = gradient_norms([8], activations=["sigmoid"], seeds=[0])
    >>> xavier = table[table["initialisation"] == "Xavier"].set_index("layer")["norm"]
    >>> bool(xavier[2] < 1e-3 * xavier[8])
    True
    """
    import pandas as pd

    rows = []
    for activation in activations:
        for depth in depths:
            widths = (width, *[width] * depth, 1)
            problem = _deep(widths, activation, batch)
            prepared = Backprop().prepare(problem)
            for seed in seeds:
                X, t = (problems.get("mlp", widths=(width, 1), batch=batch, seed=seed).data[name]
                        for name in ("X", "t"))  # fmt: skip
                for initialisation in INITIALISATIONS:
                    rng = np.random.default_rng(seed)
                    weights = initial_weights(widths, activation, initialisation, rng)
                    gradient: Any = prepared(weights, X=X, t=t).gradient
                    rows += [
                        {
                            "activation": activation,
                            "initialisation": initialisation,
                            "depth": depth,
                            "seed": seed,
                            "layer": layer,
                            "norm": float(np.linalg.norm(gradient[f"W{layer}"])),
                        }
                        for layer in range(1, depth + 2)
                    ]
    return pd.DataFrame(rows)


def _deep(widths: tuple[int, ...], activation: str, batch: int) -> Problem:
    return problems.get("mlp", widths=widths, activation=activation, batch=batch, loss="logits")


# -- dying ReLUs


def dead_units(run: Training) -> NDArray[np.float64]:
    """Return the share of hidden units that are 0 on every example, at each epoch that is kept.

    A unit that no example switches on has a gradient of exactly 0, and never changes again unless
    the units before it do.

    Parameters
    ----------
    run : Training
        Of an ``mlp`` with ReLU units.
    """
    problem = run.problem
    layers = len(problem.structure.shapes) // 2 - 1
    shares = []
    for point in run.points:
        params = problem.structure.split(point)
        h, dead, units = problem.data["X"], 0, 0
        for k in range(1, layers + 1):
            h = np.maximum(h @ params[f"W{k}"].T + params[f"b{k}"], 0)
            dead += int((~(h > 0).any(axis=0)).sum())
            units += h.shape[1]
        shares.append(dead / units)
    return np.array(shares)


def dying_units(
    rates: Sequence[float] = (0.1, 0.3, 1.0, 3.0, 10.0),
    seeds: Sequence[int] = SEEDS,
    *,
    epochs: int = 500,
    widths: Sequence[int] = (2, 32, 32, 1),
) -> pd.DataFrame:
    """Train ReLU networks on the island with several learning rates, and count the dead units.

    Weights are He's. Columns of the result: rate, seed, epoch, dead, loss, accuracy (at the end).
    """
    import pandas as pd

    frames = []
    for seed in seeds:
        island = problems.get("island", seed=seed).data
        data = {"X": island["X"], "t": island["t"][:, None]}
        network = problems.get("mlp", widths=widths, activation="relu", loss="logits")
        weights = initial_weights(widths, "relu", "He", np.random.default_rng(seed))
        problem = Problem(network.loss, weights, data, examples=("X", "t"), name="mlp")
        for rate in rates:
            run = train(problem, epochs=epochs, rate=rate)
            frames.append(
                pd.DataFrame(
                    {
                        "rate": rate,
                        "seed": seed,
                        "epoch": np.arange(len(run.points)) * run.every,
                        "dead": dead_units(run),
                        "loss": run.losses[:: run.every],
                        "accuracy": run.accuracy,
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


# -- squared error against cross entropy

LOSSES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "squared error": lambda z, t, xp: squared_error(sigmoid(z, xp), t, xp),
    "cross entropy": lambda z, t, xp: cross_entropy(sigmoid(z, xp), t, xp),
    "cross entropy, from logits": logistic_loss,
}
"""As functions of the logit z, of which the prediction is σ(z)."""


def logit_problem(name: str, z: float = 0.0, t: float = 1.0) -> Problem:
    """Make the problem of one example with one parameter, its logit."""
    of_logit = LOSSES[name]

    def loss(params: Any, t: Any, *, xp: Any = np) -> Any:
        return of_logit(params["z"], t, xp)

    return Problem(loss, {"z": np.array(z)}, {"t": t}, name=name)


def logit_gradients(logits: Sequence[float] | NDArray[Any] | None = None) -> pd.DataFrame:
    """Compute ∂L/∂z of an example of class 1 at several logits, for each of `LOSSES`.

    At the left end the prediction is as wrong as can be. Columns: loss, z, y, gradient; the
    gradient is NaN or infinite where the formula breaks down.

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
            gradient: Any = prepared({"z": np.array(at)}).gradient
            y = 1 / (1 + math.exp(-at))
            rows.append({"loss": name, "z": at, "y": y, "gradient": float(gradient["z"])})
    return pd.DataFrame(rows)


def wrong_start(
    weights: Sequence[float] = (1.0, 2.0, 4.0),
    seeds: Sequence[int] = SEEDS,
    *,
    epochs: int = 2000,
    rate: float = 1.0,
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
    epochs, rate
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
                run = train(Problem(unit.loss, start, data, name=name), epochs=epochs, rate=rate)
                shares = [accuracy(run.problem, run.at(point)) for point in run.points]
                rows = {"epoch": np.arange(len(shares)) * run.every, "accuracy": shares}
                frames.append(pd.DataFrame({"loss": name, "weight": weight, "seed": seed} | rows))
    return pd.concat(frames, ignore_index=True)


def recovery(training: pd.DataFrame, good: float = 0.95) -> pd.DataFrame:
    """Return when each run of `wrong_start` reaches an accuracy; NaN if it never does.

    Columns: loss, weight, seed, epoch.
    """
    keys = ["loss", "weight", "seed"]
    reached = training[training["accuracy"] >= good].groupby(keys, sort=False)["epoch"].min()
    return training[keys].drop_duplicates().join(reached, on=keys).reset_index(drop=True)
