"""ReLU units that die in training: no example switches them on, and their gradient is exactly 0.

Source: A. Karpathy, Yes you should understand backprop, 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gradmethods import problems
from gradmethods.studies.pathologies.depth import initial_weights
from gradmethods.studies.training import Training, train, undisturbed

if TYPE_CHECKING:
    import pandas as pd

WIDTHS = (2, 32, 32, 1)


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
    seeds: Sequence[int] = range(10),
    *,
    epochs: int = 500,
) -> pd.DataFrame:
    """Train ReLU networks on the island with several learning rates, and count the dead units.

    Weights are He's. Columns of the result: rate, seed, epoch, dead, loss, accuracy (at the end).
    """
    import pandas as pd

    frames = []
    for seed in seeds:
        island = problems.get("island", seed=seed).data
        data = {"X": island["X"], "t": island["t"][:, None]}
        network = problems.get("mlp", widths=WIDTHS, activation="relu", loss="logits")
        weights = initial_weights(WIDTHS, "relu", "He", np.random.default_rng(seed))
        problem = network.replace(params=weights, data=data)
        for rate in rates:
            run = undisturbed(train(problem, epochs=epochs, rate=rate))
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
