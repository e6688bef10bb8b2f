"""The step-size atlas: the error of each difference scheme against its step, and theory beside it.

A record per scheme, plain values, ready for JSON. Nothing is timed here: passes are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from gradmethods.core.distance import norm
from gradmethods.core.problem import Problem
from gradmethods.errors import GradientError
from gradmethods.providers import Numerical
from gradmethods.providers.schemes import ALL, NAMES
from gradmethods.studies.accuracy.balance import LAWS, Balance, balance
from gradmethods.studies.accuracy.subject import COMPONENTS, Subject
from gradmethods.truth.truth import true_arrays

DTYPES = ("float64", "float32")
WIDEST, NARROWEST = 1e-1, 1e-16
"""Steps, absolute."""
BEYOND = tuple(10.0**-k for k in (20, 30, 40, 60, 80, 100, 120, 140, 160, 180, 200))
"""Steps of the complex step alone."""
PER_DECADE = 4
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
        With more parameters than this a sample is drawn; errors and norms are those of it.
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
        ``least``
            The least error of all steps.
        ``best``, ``default``, ``theory``
            A point each: the step with that error; what the provider gives if left alone (its
            ``step`` is the median, ``step_low`` and ``step_high`` the ends); and what the step
            gives that theory calls the best. The complex step's best is its largest good one.
        ``noise``, ``bend``, ``slope``
            What theory is made of, see `gradmethods.studies.accuracy.balance`.

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
        subject = Subject(problem, dtype, components, seed)
        for scheme in schemes:
            yield curve(subject, scheme, per_decade=per_decade)


def curve(subject: Subject, scheme: str, *, per_decade: int = PER_DECADE) -> dict[str, Any]:
    """Measure the error of one scheme over all steps: one record of `atlas`."""
    problem, truth, derivatives = subject.problem, subject.truth, subject.derivatives
    theory = None
    if derivatives is not None and scheme in LAWS:
        theory = balance(scheme, problem, derivatives)
    steps = grid(per_decade, subject.dtype, scheme)
    points = [_point(problem, truth, scheme, step, theory) for step in steps]
    return {
        "problem": problem.name,
        "dtype": subject.dtype,
        "scheme": scheme,
        "provider": Numerical(scheme).name,
        "n": subject.whole.size,
        "components": subject.chosen.size,
        "seed": subject.seed,
        "points": points,
        "least": min((p["error"] for p in points if p["error"] is not None), default=None),
        "best": _best(points, scheme, float(np.finfo(subject.dtype).eps) / 2),
        "default": _default(subject, scheme),
        "theory": _at_the_best(problem, truth, scheme, theory),
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
    steps = np.geomspace(WIDEST, NARROWEST, decades * per_decade + 1)
    least = float(np.finfo(dtype).smallest_normal)
    return [float(f"{h:.4g}") for h in steps] + [
        h for h in BEYOND if not ALL[scheme].subtracts and h > least
    ]


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
    return point | {"passes": passes} | _errors(gradient, truth)


def _default(subject: Subject, scheme: str) -> dict[str, Any]:
    """Measure what the provider gives with its own steps: for all parameters, as users get it."""
    whole, sampled, chosen = subject.whole, subject.problem, subject.chosen
    structure = whole.structure
    try:
        prepared: Any = Numerical(scheme).prepare(whole)
        gradient = structure.join(structure.check(prepared(whole.params).gradient))
    except GradientError as refusal:
        return {"step": None, "error": None, "lost": str(refusal)}
    steps = np.asarray(prepared.step(structure.join(structure.check(whole.params))), float)[chosen]
    mine = sampled.structure.restore(sampled.structure.split(gradient[chosen]))
    return {
        "step": float(np.median(steps)),
        "step_low": float(steps.min()),
        "step_high": float(steps.max()),
        "passes": (prepared.forward_passes or 0) + prepared.value_passes,
        **_errors(mine, subject.truth),
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
    if not ALL[scheme].subtracts:  # a flat line: the interesting end is the wide one
        return next(p for p in found if p["error"] <= FLAT * max(best["error"], unit))
    return best


def _errors(gradient: Any, truth: Any) -> dict[str, Any]:
    """Measure a gradient against the truth; NaN and infinity are no errors, but losses."""
    structure = truth.problem.structure
    difference = structure.join(truth.error(gradient))
    true = structure.join(true_arrays(truth))
    size = norm(true)
    lost = {"error": None, "worst": None, "median": None}
    if not np.isfinite(difference).all():
        return lost | {"lost": "The gradient is not finite."}
    if size == 0:
        return lost | {"lost": "The true gradient is 0: there is nothing to relate an error to."}
    relative = abs(difference) / np.where(true == 0, size, abs(true))
    return {
        "error": norm(difference) / size,
        "worst": float(relative.max()),
        "median": float(np.median(relative)),
        "lost": "",
    }
