"""Step sweeps: the error of each difference scheme against its step, and theory beside it.

A record per scheme, plain values, ready for JSON. Nothing is timed here: passes are counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.distance import norm
from gradmethods.core.problem import Problem
from gradmethods.errors import GradientError
from gradmethods.providers import Numerical
from gradmethods.providers.schemes import ALL, ENTRIES
from gradmethods.studies.accuracy.subject import Subject
from gradmethods.truth.truth import true_arrays

POINTS = 13
"""A line on which round-off is seen has so many points."""
ORDER = 6
"""The order of the differences that leave nothing but round-off."""
LINES = 16
"""Coordinates along which it is looked at, at most."""


@dataclass(frozen=True)
class Law:
    """Leading terms of a scheme's error.

    Attributes
    ----------
    order : int
        Power p of the step in the truncation error.
    truncation : float
        Its constant c.
    roundoff : float
        Root of the sum of squares of the weights, r, in units of 1/h.
    """

    order: int
    truncation: float
    roundoff: float


LAWS = {
    scheme.name: Law(scheme.order, scheme.remainder, scheme.round_off)
    for scheme in ENTRIES
    if scheme.has_law
}
"""Schemes of a fixed step. Richardson extrapolation chooses its own, so there is none for it."""


@dataclass(frozen=True)
class Balance:
    """Truncation against round-off of one scheme, on one problem.

    Attributes
    ----------
    law : Law
        The scheme's.
    slope : float
        Norm of the gradient.
    bend : float
        Norm D of the derivatives of order p + 1 along the coordinates.
    noise : float
        Standard deviation of the round-off in the loss, times the root of n.
    unit : float
        Unit round-off.

    Examples
    --------
    >>> forward = Balance(LAWS["forward"], slope=1.0, bend=1.0, noise=1e-16, unit=1e-16)
    >>> f"{forward.step:.2e}", f"{forward.error(forward.step):.2e}"
    ('1.68e-08', '1.19e-08')
    """

    law: Law
    slope: float
    bend: float
    noise: float
    unit: float

    def error(self, step: float) -> float:
        """Predict the error at a step, relative to the norm of the gradient."""
        truncation = self.law.truncation * step**self.law.order * self.bend
        absolute = math.hypot(truncation, self.law.roundoff * self.noise / step)
        return math.hypot(absolute / self.slope, self.unit) if self.slope else math.nan

    @property
    def step(self) -> float | None:
        """The best step: of the complex step the largest good one. None if none is too large."""
        if not self.bend > 0:
            return None
        law = self.law
        size = law.roundoff * self.noise if law.roundoff else self.unit * self.slope
        power = law.order + 1 if law.roundoff else law.order
        root = math.sqrt(law.order) if law.roundoff else 1.0
        return float((size / (root * law.truncation * self.bend)) ** (1 / power))


def balance(scheme: str, problem: Problem, derivatives: NDArray[np.float64]) -> Balance:
    """Set up the balance of a scheme.

    Parameters
    ----------
    scheme : str
        A name in `LAWS`.
    problem : Problem
        Gives the round-off in the loss.
    derivatives : numpy.ndarray
        Shape (n, 6) or more: the loss and its derivatives along each coordinate, as from
        `gradmethods.engines.certified.certified_derivatives`.
    """
    law = LAWS[scheme]
    return Balance(
        law,
        slope=norm(derivatives[:, 1]),
        bend=norm(derivatives[:, law.order + 1]),
        noise=loss_noise(problem) * math.sqrt(problem.size),
        unit=float(np.finfo(problem.dtype).eps) / 2,
    )


def loss_noise(problem: Problem) -> float:
    """Return the standard deviation of the round-off in one value of the loss.

    The loss is evaluated along coordinates, in steps of √u times the parameter: sixth differences
    leave nothing of a smooth function there, so what they show is round-off (Moré and Wild,
    Estimating computational noise, SIAM Journal on Scientific Computing 33 (2011) 1292-1314,
    equation 2.1). It is never less than the last rounding alone: a unit in the last place ÷ √12.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem = gm.Problem(lambda w, xp=np: xp.sum(xp.sin(w)), np.array([0.1, 2.0]))
    >>> 1e-17 < loss_noise(problem) < 1e-15
    True
    """
    structure = problem.structure
    point = structure.join(structure.check(problem.params))
    chosen = np.random.default_rng(0).permutation(point.size)[:LINES]
    root = math.sqrt(float(np.finfo(point.dtype).eps) / 2)
    squares = []
    for i in chosen:
        line = np.repeat(point[None], POINTS, axis=0)
        line[:, i] += (np.arange(POINTS) * root * max(1.0, abs(float(point[i])))).astype(line.dtype)
        losses = [float(problem.value(structure.restore(structure.split(x)))) for x in line]
        sixth = np.diff(losses, ORDER)
        squares.append(np.mean(sixth**2) * math.factorial(ORDER) ** 2 / math.factorial(2 * ORDER))
    value = abs(problem.value())
    last = float(np.spacing(value)) / math.sqrt(12)
    seen = math.sqrt(float(np.mean(squares)))
    return max(seen, last) if math.isfinite(seen) else last


DTYPES = ("float64", "float32")
WIDEST, NARROWEST = 1e-1, 1e-16
"""Steps, absolute."""
BEYOND = tuple(10.0**-k for k in (20, 30, 40, 60, 80, 100, 120, 140, 160, 180, 200))
"""Steps of the complex step alone."""
PER_DECADE = 4
FLAT = 4.0
"""The complex step is good wherever its error is within this factor of its least."""


def curve(subject: Subject, scheme: str, *, per_decade: int = PER_DECADE) -> dict[str, Any]:
    """Measure the error of one scheme over all steps.

    Parameters
    ----------
    subject : Subject
        The problem in one precision, with its truth; of many parameters a sample.
    scheme : str
        Of `Numerical`. For ``"richardson"`` the step is the first of its ladder.
    per_decade : int, default 4
        Steps, from 0.1 down to 1e-16; the complex step goes on to 1e-200.

    Returns
    -------
    dict
        ``problem``, ``dtype``, ``scheme``, ``provider``, ``n``, ``components``, ``seed``, and

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
            What theory is made of, see `balance`.

    Raises
    ------
    GradientError
        Where there is no certified gradient.

    Examples
    --------
    >>> from gradmethods import problems
    >>> record = curve(Subject(problems.get("island")), "forward", per_decade=1)
    >>> len(record["points"]), record["points"][0]["passes"]
    (16, 14)
    >>> 0.1 < record["theory"]["step"] / record["best"]["step"] < 10
    True
    """
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
    if not ALL[scheme].subtracts:  # The line is flat: its wide end is of interest.
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
