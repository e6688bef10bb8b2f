"""The best step for one entry: found by comparing a scheme with itself at twice the step.

Where truncation dominates, quotients at 2h and at h differ by (2ᵖ − 1) c hᵖ f⁽ᵖ⁺¹⁾. So their
difference shows the very error that is to be balanced, whatever the scheme, once h is wide enough
for it to stand out of the noise, and while h is narrow enough for the leading term. The search
moves h until it is in between.

Source: the search for the interval of a second difference in P. E. Gill, W. Murray, M. A. Saunders
and M. H. Wright, SIAM Journal on Scientific and Statistical Computing 4 (1983) 310-321, carried
over to any scheme.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.providers.schemes import Scheme

LOW, AIM, HIGH = 10.0, 100.0, 2000.0
"""What the difference should be, in standard deviations of its noise: the limits, and the aim."""
NOISE = 4.0
"""Up to here, what is seen may be noise alone, and tells nothing of truncation."""
LEAP = 8.0
"""How far to go where nothing can be told; further each time."""
FAR = 1e3
"""How far to go at once at most, where truncation is seen: too wide, its leading term misleads."""

Losses = Callable[[Any], float]
"""The loss with one entry at a place."""


class Found(NamedTuple):
    """The best step for an entry.

    Attributes
    ----------
    step : float
        0 if the loss is nowhere finite beside the point.
    smooth : bool
        False if truncation sets in suddenly: there is a kink, a jump or an edge.
    """

    step: float
    smooth: bool = True


@dataclass(frozen=True)
class Search:
    """A search for the best step of a scheme."""

    scheme: Scheme

    @cached_property
    def near(self) -> NDArray[np.int64]:
        """The places of a quotient, in steps."""
        return np.array((*self.scheme.offsets, 0))

    @cached_property
    def passes(self) -> int:
        """Passes that the first trial takes; others may share some of its places."""
        return len({*self.near.tolist(), *(2 * self.near).tolist()}) - 1

    @cached_property
    def noise(self) -> float:
        """The difference has this standard deviation at step 1, if losses err by 1."""
        places = sorted({*self.near.tolist(), *(2 * self.near).tolist()})
        each = dict(zip(places, np.eye(len(places)), strict=True))
        near, far = (self._quotient(each.__getitem__, 0, k) for k in (1, 2))
        return float(np.linalg.norm(far - near))

    @cached_property
    def at_best(self) -> float:
        """The difference at the best step, in standard deviations of its noise.

        There, the truncation of the quotient is its round-off κε/h over √p.
        """
        p = self.scheme.order
        return float(2**p - 1) * self.scheme.round_off / math.sqrt(p) / self.noise

    def start(self, best: float) -> float:
        """Return where to look if the best step is presumed."""
        return best * float((AIM / self.at_best) ** (1 / (self.scheme.order + 1)))

    def __call__(
        self,
        losses: Losses,
        x: Any,
        noise: float,
        start: float,
        widest: float,
        trials: int,
    ) -> Found:
        """Search from a step on.

        Parameters
        ----------
        losses : callable
            The loss with the entry at a place, which has the dtype of `x`.
        x : numpy.floating
            The entry.
        noise : float
            The standard deviation of the round-off of a loss.
        start, widest : float
            The first step to try, and a limit.
        trials : int
            Steps to try at most.
        """
        known: dict[float, float] = {}

        def asked(place: Any) -> float:
            key = float(place)
            if key not in known:
                known[key] = losses(place)
            return known[key]

        narrowest = 4 * float(abs(np.spacing(x)))
        bracket = _Bracket(self.scheme.order, narrowest, max(widest, narrowest))
        h = min(max(start, narrowest), bracket.widest)
        for _ in range(trials):
            seen = self._seen(asked, x, h, noise)
            if LOW <= seen <= HIGH:
                return Found(self._best(h, seen))
            bracket.put(h, seen)
            if bracket.closed:
                break
            h = bracket.next()
        return self._between(bracket)

    def _seen(self, losses: Losses, x: Any, h: float, noise: float) -> float:
        """Return the difference at h in standard deviations of its noise, NaN outside a domain."""
        step = (x + x.dtype.type(h)) - x  # on the grid of x
        near, far = (self._quotient(losses, x, k * step) for k in (1, 2))
        return abs(float(far - near)) * float(step) / (self.noise * noise)

    def _quotient(self, losses: Callable[[Any], Any], x: Any, step: Any) -> Any:
        places = [x + k * step for k in self.near.tolist()]
        values = np.array([losses(place) for place in places])
        return self.scheme.quotient(values, np.array(places, float))

    def _best(self, h: float, seen: float) -> float:
        """Extrapolate from what was seen: noise over truncation goes with h to the power p + 1."""
        return h * float((self.at_best / seen) ** (1 / (self.scheme.order + 1)))

    def _between(self, bracket: _Bracket) -> Found:
        """Return what a search without a hit has found."""
        step = 0.0
        if bracket.low > 0:  # up to there, truncation is no larger than a few times the noise
            step = self._best(bracket.low, max(bracket.below, self.at_best))
        if bracket.low > 0 and bracket.high <= 2 * bracket.low:
            return Found(step, smooth=False)  # no power of h rises so suddenly
        if math.isfinite(bracket.above):
            step = max(step, self._best(bracket.high, bracket.above))
        return Found(step)


class _Bracket:
    """Steps known to be too narrow and too wide."""

    def __init__(self, order: int, narrowest: float, widest: float) -> None:
        self.narrowest, self.widest = narrowest, widest
        self.low, self.below = 0.0, 0.0
        self.high, self.above = math.inf, math.nan
        self._root = 1 / (order + 1)
        self._leap = LEAP
        self._falls = True  # what was seen, along with h, as a power of it does

    def put(self, h: float, seen: float) -> None:
        """Take note of what was seen at h."""
        if seen < LOW:
            self.low, self.below = h, seen
        else:
            self._falls = not seen > self.above / LOW
            self.high, self.above = h, seen

    @property
    def closed(self) -> bool:
        """Whether there is nothing left to try."""
        return self.low >= self.widest or self.high <= self.narrowest or self.high <= 2 * self.low

    def next(self) -> float:
        """Return the next step to try."""
        if self.above < math.inf:  # neither NaN, outside a domain, nor infinite
            power = min(max((self.above / AIM) ** self._root, 2.0), FAR)
            h = self.high / (power if self._falls else FAR)
        elif self.below > NOISE:
            h = self.low * (AIM / self.below) ** self._root
        else:
            h = self.low * self._leap if self.low > 0 else self.high / self._leap
            self._leap *= LEAP
        if not self.low < h < self.high:
            h = math.sqrt(self.low * self.high)
        return float(min(max(h, self.narrowest), self.widest))
