"""Hold a gradient by many passes against faster methods on the same problem, and the truth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from gradmethods.core.distance import gradient_error
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.providers.backprop import Backprop
from gradmethods.providers.numerical import Numerical
from gradmethods.timing.timing import measure

SAMPLE = 8
"""Components of the gradient that are certified."""


def beside(problem: Problem, gradient: Arrays) -> dict[str, Any]:
    """Measure backprop, and differences over the recorded graph, and the errors of all three.

    Parameters
    ----------
    problem : Problem
        What was differentiated.
    gradient : dict of str to numpy.ndarray
        By forward differences.

    Returns
    -------
    dict
        Plain values: ``backprop`` and ``reuse`` with their times, ``errors`` against backprop, and
        ``certified`` with the errors of all three on some components.
    """
    prepared = Backprop().prepare(problem)
    cost = measure(prepared, problem, seconds=5.0)
    exact = problem.structure.check(prepared(problem.params).gradient)
    faster = Numerical("forward", evaluation="reuse").prepare(problem)
    reused = measure(faster, problem, seconds=2.0)
    again = problem.structure.check(faster(problem.params).gradient)
    return {
        "backprop": {
            "seconds": cost.gradient.median,
            "preparation": sum(prepared.preparation.values()),
            "ratio": asdict(cost.ratio),
            "contended": cost.contended,
        },
        "reuse": {
            "seconds": reused.gradient.median,
            "preparation": sum(faster.preparation.values()),
            "ratio": asdict(reused.ratio),
            "contended": reused.contended,
        },
        "errors": {
            "differences": gradient_error(gradient, exact).norm,
            "reuse": gradient_error(again, exact).norm,
        },
        "certified": _certified(
            problem, {"differences": gradient, "backprop": exact, "reuse": again}
        ),
    }


def _certified(problem: Problem, gradients: Mapping[str, Any]) -> dict[str, Any]:
    """Hold some components of each gradient against the truth."""
    from gradmethods.engines.certified import certified_sample

    sample = certified_sample(problem, 20, components=SAMPLE, directions=1)
    flat = problem.structure.join(gradients["backprop"])[sample.components]
    scale = float(np.linalg.norm(flat)) or math.nan
    errors = {
        name: float(
            np.linalg.norm(sample.component_error(problem.structure.restore(gradient))) / scale
        )
        for name, gradient in gradients.items()
    }
    return {"errors": errors, "coverage": sample.coverage, "seconds": sample.seconds}
