"""What theory says of a difference scheme: its error at a step, and the step where it is least.

A real scheme with the absolute step h errs twice. It truncates the Taylor series, which costs
``c h^p |f^(p+1)|`` in each component to leading order; and it divides the round-off in the losses
by h, which costs ``r e / h``, where e is the standard deviation of that round-off in one loss and r
the root of the sum of squares of the scheme's weights. Round-off of different losses is taken as
independent, so the two add as squares. Over n components, with D the norm of the vector of
(p+1)-th derivatives along the coordinates, the error of the gradient is

    E(h)^2 = (c h^p D)^2 + n (r e / h)^2,

which is least at

    h* = (sqrt(n / p) r e / (c D))^(1 / (p + 1)).

==========  ===  =====  ==========  ============================================
scheme       p     c        r       n = 1
==========  ===  =====  ==========  ============================================
forward      1    1/2   sqrt(2)     8^(1/4) (e / |f''|)^(1/2)
backward     1    1/2   sqrt(2)     8^(1/4) (e / |f''|)^(1/2)
central      2    1/6   1/sqrt(2)   3^(1/3) (e / |f'''|)^(1/3)
five-point   4    1/30  sqrt(130)/12  1.70 (e / |f^(5)|)^(1/5)
==========  ===  =====  ==========  ============================================

With e = u|f| and derivatives as large as f these are the laws of textbooks: the square root, the
cube root and the fifth root of u. The complex step subtracts nothing: its error is
``h^2/6 |f'''|``, or that of the arithmetic, about ``u |f'|``, which it reaches at
``h = sqrt(6 u |f'| / |f'''|)``; below that, its curve is flat.

Sources: P. E. Gill, W. Murray and M. H. Wright, Practical Optimization, Academic Press 1981,
section 8.6 (balance); J. J. Moré and S. M. Wild, Estimating derivatives of noisy simulations, ACM
Transactions on Mathematical Software 38 (2012) 19 (round-off as random, the constants of forward
and central); W. Squire and G. Trapp, SIAM Review 40 (1998) 110-112 (complex step).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.distance import norm
from gradmethods.core.problem import Problem
from gradmethods.providers.schemes import ENTRIES

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
