"""The complex step, Im f(x + ih)/h: no losses are subtracted, so it is exact to round-off.

The step is so small that it leaves real parts untouched. Where a derivative is smaller still, as in
a loss of size 1e-300, Im f underflows: such entries are found by their imaginary part, and taken
again with steps as wide as one extrapolation allows.

Sources: W. Squire and G. Trapp, Using complex variables to estimate derivatives of real functions,
SIAM Review 40 (1998) 110-112; J. R. R. A. Martins, P. Sturdza and J. J. Alonso, The complex-step
derivative approximation, ACM Transactions on Mathematical Software 29 (2003) 245-262.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable

import numpy as np

from gradmethods.errors import NotDifferentiable
from gradmethods.holomorphic.functions import join
from gradmethods.problem import Problem
from gradmethods.providers import schemes
from gradmethods.providers.black_box import over_complex
from gradmethods.providers.schemes import Estimate, StepRule, Vector
from gradmethods.structure import Arrays

Evaluate = Callable[[], complex]

ROUNDINGS = 16.0
"""The estimate of the error, in units of round-off: a loss of many operations may exceed it."""

TRIES = 4
"""Pairs of wide steps on the scale of an entry, each a sixteenth of the one before."""

NARROWER = 2.0**40
"""From one pair of wide steps on the scale of 1 to the next."""


def complex_step(
    problem: Problem, value: float, point: Vector, data: Arrays, step: StepRule, seconds: float
) -> Estimate:
    """Take Im f(x + ih)/h for each parameter.

    The loss is its real part if the step is too small to show there; `value`, which is that of
    plain NumPy, if not. A pass more tells entries that are 0 from those that underflow, and each of
    these takes two, or as many more as the loss asks for shorter steps.
    """
    u = float(np.finfo(point.dtype).eps) / 2
    lost = float(np.finfo(point.dtype).smallest_normal) / u
    moved = point.astype(np.result_type(point.dtype, np.complex64))
    evaluate = explained(problem, value, over_complex(problem, moved, data))
    gradient = np.empty_like(point)
    passes = point.size
    steps = step.near(point)
    for part in schemes.blocks(point.size, point.size * seconds):
        x = point[part]
        h = steps(part)
        losses = schemes.sweep(evaluate, moved, part, join(x, h)[None, :])[0]
        gradient[part] = losses.imag / h.astype(float)
        if part.start == 0 and h[0] <= u * max(1.0, abs(float(x[0]))):
            value = float(losses[0].real)
        small = part.start + np.flatnonzero(abs(losses.imag) < lost)
        zero = small[losses.imag[small - part.start] == 0]
        if zero.size:
            passes += 1
            if _all_flat(evaluate, moved, zero, u):
                small = np.setdiff1d(small, zero)
        for i in small:
            found, taken = _with_wide_steps(evaluate, moved, int(i), u, float(gradient[i]))
            gradient[i] = found
            passes += taken
    # Nothing is subtracted: what rounding does is all there is, of a few operations.
    return Estimate(value, gradient, passes, ROUNDINGS * u * abs(gradient))


def explained(problem: Problem, value: float, evaluate: Evaluate) -> Evaluate:
    """Say what is wrong where the loss has a value in plain NumPy, and none in complex numbers."""

    def evaluated() -> complex:
        try:
            return evaluate()
        except NotDifferentiable as error:
            if not math.isfinite(value):
                raise
            place = str(error).partition("real domain: ")[2].partition(". ")[0]
            raise NotDifferentiable(
                f"The loss {problem.name!r} is {value:.6g} at this point, but at a complex step a "
                f"function in it leaves its real domain: {place}. It is a step from the edge of "
                "the domain, or at a kink. Leave the step to the method (step=None), or write "
                "xp.abs(w) for xp.sqrt(w**2), or use another scheme."
            ) from error

    return evaluated


def _wide(x: float, u: float, least: float = 0.0) -> float:
    """Return the step h whose error h⁴ is u of the derivative, if x is the scale of the loss."""
    return float(u**0.25 * (max(abs(x), least) or 1.0))


def _all_flat(evaluate: Evaluate, moved: Vector, where: Vector, u: float) -> bool:
    """Say whether the loss stays real if all these entries move at once, by unlike wide steps.

    They are wide on the scale of the entries, and on that of 1: in products of tiny numbers
    narrower ones underflow.
    """
    kept = moved[where]
    unlike = np.random.default_rng(0).uniform(0.5, 1, where.size)
    try:
        tiny = bool(((kept.real != 0) & (abs(kept.real) < u)).any())
        for least in (0.0, 1.0)[: 1 + tiny]:
            moved[where] = join(
                kept.real, unlike * [_wide(x, u, least) for x in kept.real.tolist()]
            )
            loss = evaluate()
            if cmath.isfinite(loss) and loss.imag != 0:
                return False
    except NotDifferentiable:  # beyond what the step proper has found, nothing can be seen
        return True
    finally:
        moved[where] = kept
    return True


def _with_wide_steps(
    evaluate: Evaluate, moved: Vector, i: int, u: float, otherwise: float
) -> tuple[float, int]:
    """Extrapolate from two wide steps, or shorter ones if the loss varies on a shorter scale.

    Steps on the scale of the entry come first. Where these underflow, as in products of tiny
    numbers, wider ones may not.

    Returns
    -------
    derivative : float
        `otherwise` if steps that are short enough underflow.
    passes : int

    Raises
    ------
    NotDifferentiable
        If the derivative at an entry that is not 0 underflows at every step that is short enough.
    """
    x = moved[i]
    least = float(np.finfo(moved.real.dtype).smallest_normal)
    narrow = _wide(float(x.real), u)
    steps = [narrow / 16**tries for tries in range(TRIES)]
    tiny = 0 < abs(x.real) < u
    wider = _wide(float(x.real), u, 1.0)
    while tiny and wider > narrow:
        steps.append(wider)
        wider /= NARROWER
    passes, seen, near = 0, otherwise, math.inf
    for h in steps:
        if not abs(near * h) > least and h < narrow:
            continue  # shorter ones underflow
        slopes = []
        passes += 2
        try:
            for step in (h, 2 * h):
                moved[i] = complex(x.real, step)  # x + 1j * step would make 0 of -0
                slopes.append(evaluate().imag / float(moved[i].imag))
        except NotDifferentiable:
            break
        finally:
            moved[i] = x
        near, far = slopes
        seen = max(seen, abs(near), key=abs)
        # They differ by h² f'''/2, of which the extrapolation leaves the square.
        resolved = abs(near * h) >= least or abs(near) < least / u
        if near and resolved and abs(near - far) <= 100 * math.sqrt(u) * abs(near):
            return near + (near - far) / 3, passes
    if seen and tiny:
        raise NotDifferentiable(
            f"The complex step underflows at the parameter {x.real:.3g}: of steps that are short "
            "enough for it nothing is left. Scale the parameters, or use another method."
        )
    return otherwise, passes
