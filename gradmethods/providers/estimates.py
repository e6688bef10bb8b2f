"""How far difference quotients may be off: what preparation knew, and what the losses show.

At the prepared point, with the problem's own data, the estimate is that of the ladders. Anywhere
else it grows by a factor, and what the losses of the quotient show for nothing is added: a central
scheme sees the even part, which is the whole effect of a kink; five points see how much the
extrapolation changed. One difference to one side shows nothing but its round-off.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.providers.entry import CONFIDENT
from gradmethods.providers.ladder import AGREE
from gradmethods.providers.schemes import SCHEMES, Judge, Scheme, StepRule, Vector

GROWN = 10.0
"""Times the estimate at the prepared point is the least that is said elsewhere."""
ROUNDINGS = 1.0
"""Of the quotient, in units of round-off."""
UNLIKE = 10.0
"""Times what was shown at the prepared point, at the same step: more is something new."""
UNSEEN = 2.0
"""Round-off of a loss in units of u|f|, where nobody looked for it."""


def judge(scheme: str, step: StepRule, point: Vector, *, own_data: bool) -> Judge:
    """Make the function that estimates the errors of some quotients.

    Parameters
    ----------
    scheme : str
        One of the `SCHEMES`.
    step : StepRule
        Where the steps came from.
    point : numpy.ndarray
        Where the quotients are taken, flat.
    own_data : bool
        Whether the data are those that the steps were chosen with.

    Returns
    -------
    callable
        ``judge(part, found, h, quotients)``: the losses that a part of the parameters gave, the
        steps and the quotients. It returns absolute errors, infinite if they are not known at all.
    """
    rule = SCHEMES[scheme]
    u = float(np.finfo(point.dtype).eps) / 2
    known = step.known
    home = known is not None and own_data and known.is_home(point)

    def errors(part: slice, found: Vector, h: Vector, quotients: Vector) -> NDArray[np.float64]:
        rounded = ROUNDINGS * u * abs(quotients.astype(float))
        step = h.astype(float)
        if known is None:
            noise = UNSEEN * u * abs(found).max(axis=0)
            total = rounded + round_off(rule, noise, step) + truncated(rule, found, step, noise)
        elif home and known.unseen is None:
            total = rounded + known.errors[part]
        else:
            groups = known.groups(part)
            noise = np.maximum(known.noise, u * abs(found).max(axis=0))
            expected = UNLIKE * known.shown[groups] * step / known.steps[groups]
            prepared = known.errors[groups]
            if not home:
                prepared = GROWN * prepared + round_off(rule, noise, step)
            if known.unseen is not None:
                prepared = prepared + known.unseen(part, point.size) / step
            total = rounded + prepared + truncated(rule, found, step, noise, expected)
        return np.where(np.isnan(total) | ~np.isfinite(quotients), np.inf, total)

    return errors


def round_off(rule: Scheme, noise: Any, h: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the noise of the losses makes of quotients, at most."""
    return np.asarray(CONFIDENT * rule.round_off * noise / h)


def truncated(
    rule: Scheme, found: Vector, h: NDArray[np.float64], noise: Any, expected: Any = 0.0
) -> NDArray[np.float64]:
    """Return what losses show of the truncation of their quotients: nothing to one side.

    It is the even part over h, the whole effect of a kink, and far more than the truncation of a
    smooth loss. What is `expected`, as in a loss that was looked at, does not count.
    """
    if rule.one_sided:
        return np.zeros_like(h)
    shown = np.zeros_like(h)
    for above in range(0, len(rule.offsets), 2):
        even = (found[above] - found[-1]) / 2 + (found[above + 1] - found[-1]) / 2
        seen = np.maximum(abs(even) - AGREE * noise, 0) / (rule.offsets[above] * h)
        shown = np.maximum(shown, seen)
    return np.asarray(np.where(shown <= expected, 0.0, shown))
