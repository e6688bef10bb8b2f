"""The step-size atlas: the error of each difference scheme against its step, and theory beside it.

A record per scheme, plain values, ready for JSON. Nothing is timed here: passes are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.accuracy.balance import LAWS, Balance, balance
from gradmethods.accuracy.errors import norm
from gradmethods.accuracy.sample import along, chosen_components, in_dtype
from gradmethods.certified import certified_derivatives, certified_gradient
from gradmethods.errors import GradientError
from gradmethods.problem import Problem
from gradmethods.providers import Numerical
from gradmethods.providers.schemes import COMPLEX_STEP, NAMES

DTYPES = ("float64", "float32")
WIDEST, NARROWEST = 1e-1, 1e-16
"""Steps, absolute."""
BEYOND = tuple(10.0**-k for k in (20, 30, 40, 60, 80, 100, 120, 140, 160, 180, 200))
"""Steps of the complex step alone."""
PER_DECADE = 4
COMPONENTS = 200
"""Parameters that are looked at; of more, a sample."""
FLAT = 4.0
"""The complex step is good wherever its error is within this factor of its least."""


def atlas(
    problem: Problem,
    schemes: Iterable[str] = NAMES,
    dtypes: Iterable[str] = DTYPES,
    *,
    per_decade: int = PER_DECADE,
    components: int = COMPONENTS,
    seed: int = 0,
) -> Iterator[dict[str, Any]]:
    """Measure the error of difference schemes over all steps.

    Parameters
    ----------
    problem : Problem
        Its point and data are rounded to each dtype; the truth is that of the rounded ones.
    schemes : iterable of str
        Of `Numerical`; all by default. For ``"richardson"`` the step is the first of its ladder.
    dtypes : iterable of str
        ``"float64"``, ``"float32"``.
    per_decade : int, default 4
        Steps, from 0.1 down to 1e-16; the complex step goes on to 1e-200.
    components : int, default 200
        With more parameters than this, so many are drawn; errors and norms are theirs.
    seed : int, default 0
        Of that sample.

    Yields
    ------
    dict
        Per dtype and scheme: ``problem``, ``dtype``, ``scheme``, ``provider``, ``n``,
        ``components``, ``seed``, and

        ``points``
            A dict per step: ``step``; ``error`` (norm of the difference ÷ norm of the truth),
            ``worst`` and ``median`` (over components, each ÷ the true component, ÷ the norm where
            that is 0); ``passes`` through the loss, counted; ``predicted``, the error in theory;
            ``lost``, empty, or why there is no error.
        ``best``, ``default``, ``theory``
            A point each: the least error of all steps; what the provider gives if left alone (its
            ``step`` is the median, ``step_low`` and ``step_high`` the ends); and what the step
            gives that theory calls the best. The complex step's best is its largest good one.
        ``noise``, ``bend``, ``slope``
            What theory is made of, see `gradmethods.accuracy.balance`.

    Raises
    ------
    GradientError
        Where there is no certified gradient.

    Examples
    --------
    >>> from gradmethods import problems
    >>> (record,) = atlas(problems.get("island"), ["forward"], ["float64"], per_decade=1)
    >>> len(record["points"]), record["points"][0]["passes"]
    (16, 14)
    >>> 0.1 < record["theory"]["step"] / record["best"]["step"] < 10
    True
    """
    for dtype in dtypes:
        whole = in_dtype(problem, dtype)
        chosen = chosen_components(whole.size, components, seed)
        sampled = whole if chosen.size == whole.size else along(whole, chosen)
        truth = certified_gradient(sampled)
        try:
            derivatives = certified_derivatives(sampled)
        except GradientError:  # a kink a step away: there is a gradient, and no theory
            derivatives = None
        for scheme in schemes:
            theory = None
            if derivatives is not None and scheme in LAWS:
                theory = balance(scheme, sampled, derivatives)
            steps = [float(f"{h:.4g}") for h in grid(per_decade, dtype, scheme)]
            points = [_point(sampled, truth, scheme, h, theory) for h in steps]
            best = _best(points, scheme, float(np.finfo(dtype).eps) / 2)
            yield {
                "problem": problem.name,
                "dtype": dtype,
                "scheme": scheme,
                "provider": Numerical(scheme).name,
                "n": whole.size,
                "components": int(chosen.size),
                "seed": seed,
                "points": points,
                "best": best,
                "default": _default(whole, chosen, truth, scheme),
                "theory": _at_the_best(sampled, truth, scheme, theory),
                "noise": theory and theory.noise,
                "bend": theory and theory.bend,
                "slope": theory and theory.slope,
            }


def grid(per_decade: int, dtype: str, scheme: str) -> list[float]:
    """List the steps of a curve, the widest first.

    Examples
    --------
    >>> [f"{h:.0e}" for h in grid(1, "float32", "complex-step")][-3:]
    ['1e-16', '1e-20', '1e-30']
    """
    decades = round(np.log10(WIDEST / NARROWEST))
    steps = np.geomspace(WIDEST, NARROWEST, decades * per_decade + 1).tolist()
    least = float(np.finfo(dtype).smallest_normal)
    return steps + [h for h in BEYOND if scheme == COMPLEX_STEP and h > least]


def _point(
    problem: Problem, truth: Any, scheme: str, step: float, theory: Balance | None
) -> dict[str, Any]:
    """Measure one step; a step that the provider refuses is a point without an error."""
    prepared = Numerical(scheme, step=step).prepare(problem)
    point: dict[str, Any] = {"step": step, "error": None, "worst": None, "median": None}
    point["predicted"] = theory and theory.error(step)
    try:
        gradient = prepared(problem.params).gradient
    except GradientError as refusal:
        return point | {"passes": None, "lost": str(refusal)}
    passes = (prepared.forward_passes or 0) + prepared.value_passes
    difference = problem.structure.join(truth.error(gradient))
    return point | {"passes": passes} | _errors(difference, _true(problem, truth))


def _default(
    problem: Problem, chosen: NDArray[np.intp], truth: Any, scheme: str
) -> dict[str, Any]:
    """Measure what the provider gives with its own steps: for all parameters, as users get it."""
    structure = problem.structure
    try:
        prepared: Any = Numerical(scheme).prepare(problem)
        gradient = structure.join(structure.check(prepared(problem.params).gradient))
    except GradientError as refusal:
        return {"step": None, "error": None, "lost": str(refusal)}
    point = structure.join(structure.check(problem.params))
    steps = np.asarray(prepared.step(point), float)[chosen]
    sampled = truth.problem
    mine = sampled.structure.restore(sampled.structure.split(gradient[chosen]))
    difference = sampled.structure.join(truth.error(mine))
    return {
        "step": float(np.median(steps)),
        "step_low": float(steps.min()),
        "step_high": float(steps.max()),
        "passes": (prepared.forward_passes or 0) + prepared.value_passes,
        **_errors(difference, _true(sampled, truth)),
    }


def _at_the_best(
    problem: Problem, truth: Any, scheme: str, theory: Balance | None
) -> dict[str, Any] | None:
    """Measure the step that theory calls the best; None where it names none."""
    if theory is None or theory.step is None:
        return None
    return _point(problem, truth, scheme, theory.step, theory)


def _best(points: list[dict[str, Any]], scheme: str, unit: float) -> dict[str, Any] | None:
    found = [point for point in points if point["error"] is not None]
    if not found:
        return None
    best = min(found, key=lambda point: point["error"])
    if scheme == COMPLEX_STEP:  # a flat line: the interesting end is the wide one
        return next(p for p in found if p["error"] <= FLAT * max(best["error"], unit))
    return best


def _true(problem: Problem, truth: Any) -> NDArray[np.float64]:
    structure = problem.structure
    given = truth.gradient
    return np.concatenate([np.ravel(given if structure.bare else given[n]) for n in structure.shapes])


def _errors(difference: NDArray[np.float64], true: NDArray[np.float64]) -> dict[str, Any]:
    """Measure a difference against the truth; NaN and infinity are no errors, but losses."""
    if not np.isfinite(difference).all():
        return {"error": None, "worst": None, "median": None, "lost": "The gradient is not finite."}
    size = norm(true)
    if size == 0:
        reason = "The true gradient is 0: there is nothing that the error is relative to."
        return {"error": None, "worst": None, "median": None, "lost": reason}
    relative = abs(difference) / np.where(true == 0, size, abs(true))
    return {
        "error": norm(difference) / size,
        "worst": float(relative.max()),
        "median": float(np.median(relative)),
        "lost": "",
    }
