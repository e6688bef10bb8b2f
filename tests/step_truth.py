"""What is known of the problems of the step study before any rule for steps is tried.

Derivatives come from the certificate, the best reachable errors from evaluations of our own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import gradmethods as gm
from gradmethods.errors import GradientError
from tests import step_problems, step_rough
from tests.step_problems import Case

SCHEMES = ("forward", "backward", "central", "five-point", "richardson")
ORDER = {"forward": 1, "backward": 1, "central": 2, "five-point": 4, "richardson": 4}
DTYPES = ("float64", "float32")
MOST = 8
"""Components looked at in each problem."""
NEIGHBOURS = 5
CLEAR = 8.0
"""So many best steps around the point must be free of kinks for a loss to count as smooth."""

GROUPS = (
    step_problems.peaks,
    step_problems.scales,
    step_problems.models,
    step_rough.kinks,
    step_rough.jumps,
    step_rough.noises,
    step_rough.waves,
)
CASES: dict[str, Case] = {case.name: case for group in GROUPS for case in group()}

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]
Beside = Callable[[int, float], tuple[float, float, float]]
"""Maps an entry and a step to the step as rounded, the loss there and its rounding."""


class Facts(NamedTuple):
    """What is known of some components before any rule for steps is tried.

    Attributes
    ----------
    which : numpy.ndarray of int
        Their places in the flat vector.
    truth : numpy.ndarray
        Derivatives; NaN where there is none.
    apart : float
        How far apart the slopes of both sides are where there is none.
    best : dict of str to numpy.ndarray
        The smoothed best error of each scheme.
    smooth : dict of str to numpy.ndarray of bool
        Whether the loss is smooth within the reach that its derivatives suggest to a scheme.
    """

    which: NDArray[np.intp]
    truth: Vector
    apart: float
    best: dict[str, Vector]
    smooth: dict[str, Flags]


def flat(answer: Any) -> NDArray[Any]:
    """Join the arrays of an answer."""
    arrays = answer.values() if isinstance(answer, dict) else [answer]
    return np.concatenate([np.ravel(array) for array in arrays])


def looked_at(case: Case, n: int) -> NDArray[np.intp]:
    """Choose the components that are looked at."""
    rest = [i for i in np.random.default_rng(0).permutation(n).tolist() if i not in case.look]
    return np.sort(np.array([*case.look, *rest][:MOST], np.intp))


def beside(problem: gm.Problem) -> Beside:
    """Make the function that evaluates the loss with one entry moved by a step."""
    structure = problem.structure
    point = structure.join(structure.check(problem.params)).copy()
    params = structure.restore(structure.split(point))

    def at(i: int, h: float) -> tuple[float, float, float]:
        home = point[i]
        point[i] = home + point.dtype.type(h)
        moved = float(point[i]) - float(home)
        value = np.asarray(problem.loss(params, **problem.data, xp=np))
        point[i] = home
        return moved, float(value), float(np.finfo(value.dtype).eps) / 2 * abs(float(value))

    return at


def smoothed(errors: Vector) -> float:
    """Return the least running median."""
    errors = np.where(np.isnan(errors), math.inf, errors)
    if errors.size < NEIGHBOURS:
        return math.inf
    windows = np.lib.stride_tricks.sliding_window_view(errors, NEIGHBOURS)
    return float(np.median(windows, axis=1).min())


def best_errors(at: Beside, i: int, x: Any, truth: float) -> dict[str, float]:
    """Return the smoothed best error of each scheme for one component."""
    size = abs(float(x))
    least = 4 * float(np.spacing(abs(x))) if size else 1e-24
    most = max(size, 1.0) / 2
    rungs = math.ceil(2 * math.log2(most / least))
    h = least * float(np.random.default_rng(i).uniform(1, 1.4)) * 2 ** (np.arange(rungs) / 2)
    _, home, at_home = at(i, 0.0)
    above = np.array([at(i, s) for s in h])
    below = np.array([at(i, -s) for s in h])
    tableau = [(above[:, 1] - below[:, 1]) / (above[:, 0] - below[:, 0])]
    wide = above[:, 0] - below[:, 0]
    for k in (1, 2, 3):  # Neville's tableau; neighbours in it are an octave apart
        inner, outer = tableau[-1][:-2], tableau[-1][2:]
        power = (wide[2 * k :] / wide[: -2 * k]) ** 2
        tableau.append(inner + (inner - outer) / (power - 1))
    found = {
        "forward": (above[:, 1] - home) / above[:, 0],
        "backward": (below[:, 1] - home) / below[:, 0],
        "central": tableau[0],
        "five-point": tableau[1],
        "richardson": tableau[3],
    }
    least = 0.1 * np.maximum(np.maximum(above[:, 2], below[:, 2]), at_home) / h
    errors = {scheme: abs(quotients - truth) for scheme, quotients in found.items()}
    return {s: smoothed(np.maximum(e, least[: e.size])) for s, e in errors.items()}


def reach(problem: gm.Problem, which: NDArray[np.intp], u: float) -> dict[str, Vector]:
    """Return the steps that certified derivatives suggest to each scheme; 0 if there are none."""
    try:
        series = abs(gm.certified_derivatives(problem, 5, which.tolist()))
    except GradientError:
        return {scheme: np.zeros(which.size) for scheme in SCHEMES}
    steps = {}
    for scheme, p in ORDER.items():
        ratio = u * np.maximum(series[:, 0], np.finfo(float).tiny) / series[:, p + 1]
        steps[scheme] = ratio ** (1 / (p + 1))
    return steps


@cache
def facts(name: str, dtype: str) -> Facts:
    """Find what is known of a case: derivatives, best errors, where it is smooth."""
    case = CASES[name]
    exact, seen = case.exact(dtype), case.problem(dtype)
    which = looked_at(case, exact.size)
    whole = case.truth if case.truth is not None else flat(gm.certified_gradient(exact).gradient)
    truth = np.asarray(whole, float)[which]
    at = beside(seen)
    point = flat(seen.params)
    best: dict[str, list[float]] = {scheme: [] for scheme in SCHEMES}
    for i, slope in zip(which.tolist(), truth.tolist(), strict=True):
        for scheme, error in best_errors(at, i, point[i], slope).items():
            best[scheme].append(error)
    gap = np.broadcast_to(np.asarray(case.gap, float), exact.size)[which]
    steps = reach(exact, which, float(np.finfo(dtype).eps) / 2)
    clear = {s: (gap > CLEAR * steps[s]) | np.isinf(gap) for s in SCHEMES}
    smooth = {s: clear[s] & (case.spoil is None) for s in SCHEMES}
    return Facts(which, truth, case.apart, {s: np.array(b) for s, b in best.items()}, smooth)
