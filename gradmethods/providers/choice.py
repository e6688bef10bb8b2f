"""The default step of a real scheme: chosen at preparation, from the problem's own scale.

The best step balances truncation and round-off (see `steps.step_for`), and neither is known
beforehand. So a few passes look for both, array by array: how much the loss errs is seen along a
line (`noise`), and how far truncation reaches is seen in a few entries (`search`); that the rest of
the array is not worse is seen by moving all of it at once. How many passes that takes does not
depend on how many entries there are. No derivative rule takes part.

Sources: P. E. Gill, W. Murray, M. A. Saunders and M. H. Wright, Computing forward-difference
intervals for numerical optimization, SIAM Journal on Scientific and Statistical Computing 4 (1983)
310-321; J. J. Moré and S. M. Wild, Estimating derivatives of noisy simulations, ACM Transactions on
Mathematical Software 38 (2012) 19.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gradmethods.problem import Problem
from gradmethods.providers.noise import noise_along
from gradmethods.providers.sample import AWAY, Probe, Sample
from gradmethods.providers.schemes import Scheme
from gradmethods.providers.search import Found, Search
from gradmethods.providers.steps import ArraySteps, ChosenSteps, basis

SAMPLE = 6
"""Entries of an array that are searched, at most."""
SAMPLES = 96
"""Entries in all, as far as two of each array allow."""
TRIALS = 10
"""Steps that one search tries, at most."""
PASSES = 72
"""For the searches in one array, at most; its noise takes 24 at most."""
SPARE = 18
"""Of these, for the search in the rest of the array."""
GROUPS = 32
"""Arrays are searched one by one up to so many; of more, neighbours are taken together."""
WIDEST = 0.1
"""Times max(1, |x|): wider steps are not considered."""
FAR_APART = 1e-6
"""Two sizes, before more is known: one loss hardly varies on the same scale in both."""
BETTER = 3.0
"""How much better steps in proportion to the entries must be to be taken."""


def choose_steps(problem: Problem, scheme: str) -> ChosenSteps:
    """Look at the loss near the point of a problem, and choose a step for each parameter.

    Parameters
    ----------
    problem : Problem
        Its loss is called, in plain NumPy; nothing else of it is used.
    scheme : str
        Any of the real schemes.
    """
    home = tuple(x.ravel() for x in problem.structure.check(problem.params).values() if x.size)
    home = _grouped(home)
    with np.errstate(all="ignore"):
        probe = Probe(problem)
        arrays = _for_arrays(probe, basis(scheme), home) if math.isfinite(probe.value) else ()
    return ChosenSteps(scheme, home, arrays, probe.passes)


def _grouped(arrays: tuple[NDArray[np.floating], ...]) -> tuple[NDArray[np.floating], ...]:
    """Lay neighbouring arrays end to end where there are too many to look at each."""
    if len(arrays) <= GROUPS:
        return arrays
    parts = np.array_split(np.arange(len(arrays)), GROUPS)
    return tuple(np.concatenate([arrays[i] for i in part]) for part in parts)


def _for_arrays(
    probe: Probe, scheme: Scheme, home: tuple[NDArray[np.floating], ...]
) -> tuple[ArraySteps, ...]:
    u = float(np.finfo(probe.point.dtype).eps) / 2
    most = min(SAMPLE, max(2, SAMPLES // len(home)))
    stops = np.cumsum([x.size for x in home]).tolist()
    samples = [
        Sample(probe, slice(stop - x.size, stop), most) for x, stop in zip(home, stops, strict=True)
    ]
    seen = [noise_along(sample.line(), probe.value, u) for sample in samples]
    largest, variation = _elsewhere(probe, samples)
    variation = max(variation, *(slope for _, slope in seen)) or largest or 1.0
    arrays = []
    for sample, (noise, slope) in zip(samples, seen, strict=True):
        share = np.clip(noise / (slope or variation), u, math.sqrt(u))
        choice = _Choice(probe, sample, scheme, noise, scheme.relative_step(float(share)))
        elsewhere = max(noise, u * largest / 2)
        noisier = (elsewhere / noise) ** (1 / (scheme.order + 1))
        cautious = min(scheme.relative_step(elsewhere / variation), WIDEST)
        arrays.append(replace(choice.steps(), noisier=noisier, cautious=cautious))
    return tuple(arrays)


def _elsewhere(probe: Probe, samples: list[Sample]) -> tuple[float, float]:
    """Return how large the loss is near by, and how much an entry's curvature makes it vary.

    At a minimum of 0, it is neither as small elsewhere as it is here, nor as flat.
    """
    places, moves = zip(*(sample.away() for sample in samples), strict=True)
    where, move = np.concatenate(places), np.concatenate(moves)
    x = probe.point[where]
    beside = [probe.moved(where, (x + k * move).astype(x.dtype)) for k in (-1, 1)]
    if not all(map(math.isfinite, beside)):
        return abs(probe.value), 0.0
    curvature = abs(sum(beside) - 2 * probe.value) / AWAY**2
    return max(map(abs, beside)), curvature / where.size


class _Choice:
    """The choice for one array, whose losses err by `noise`; `guess` is for entries of size 1."""

    def __init__(
        self, probe: Probe, sample: Sample, scheme: Scheme, noise: float, guess: float
    ) -> None:
        self.probe, self.sample, self.scheme, self.noise = probe, sample, scheme, noise
        self.guess = guess
        self.search = Search(scheme)
        self.last = probe.passes + PASSES

    def steps(self) -> ArraySteps:
        """Search some entries, and let the rest share what suits these."""
        spare = SPARE if self.sample.rest.size else 0
        found: list[Found] = []
        for entry in self.sample.entries.tolist():
            trials = self._trials(spare)
            if found and not trials:
                break
            found.append(self._search(entry, found, trials))
        array = self._pooled(found)
        return replace(array, shared=array.shared * self._on_the_rest(array)) if spare else array

    def _trials(self, spare: int) -> int:
        return min(TRIALS, max(0, self.last - spare - self.probe.passes) // self.search.passes)

    def _search(self, entry: int, found: list[Found], trials: int) -> Found:
        x, losses = self.sample.entry(entry)
        scale = float(self.sample.scales[len(found)])
        guess = self._next(found, scale) if found else self.guess * scale
        widest = WIDEST * max(1.0, abs(float(x)))
        step, smooth = self.search(losses, x, self.noise, self.search.start(guess), widest, trials)
        return Found(step or self.guess * scale, smooth)

    def _next(self, found: list[Found], scale: float) -> float:
        """Return a first guess: the last step, unless steps seem to go along with sizes."""
        scales = self.sample.scales
        last, ratio = found[-1].step, scale / float(scales[len(found) - 1])
        along = ratio < FAR_APART
        if len(found) > 1:
            steps, sizes = found[0].step / found[1].step, float(scales[0] / scales[1])
            along = abs(math.log(steps / sizes)) < abs(math.log(steps))
        return last * ratio if along else last

    def _pooled(self, found: list[Found]) -> ArraySteps:
        sample, p = self.sample, self.scheme.order
        entries, scales = sample.entries[: len(found)], sample.scales[: len(found)]
        steps = np.array([f.step for f in found])
        order = np.argsort(entries)
        entries, own = entries[order], steps[order]
        smooth = np.array([f.smooth for f in found])
        if smooth.any():  # or a kink beside one entry would make the steps of all tiny
            steps, scales = steps[smooth], scales[smooth]
        shared, relative = _pool(steps, p), _pool(steps / scales, p)
        along = _worsened(shared / steps, p) > BETTER * _worsened(relative * scales / steps, p)
        shared = relative * sample.least if along else shared
        return ArraySteps(entries, own, shared, sample.least, sample.most, along)

    def _on_the_rest(self, array: ArraySteps) -> float:
        """Return the factor by which the rest needs narrower steps: at most 1.

        Moved at once, up or down, n entries that are like those of the sample have a best step
        about √n times narrower, because of their mixed derivatives. Where it is narrower than
        that, there are some to which the sample does not do justice.
        """
        rest = self.sample.rest
        losses = self.sample.together(array.shared_at(self.sample.values(rest)))
        expected = 1 / math.sqrt(rest.size)
        step, _ = self.search(
            losses, np.float64(0), self.noise, self.search.start(expected), 1.0, self._trials(0)
        )
        return min(step / expected, 1.0) if step > 0 else 1.0


def _pool(steps: NDArray[np.float64], p: int) -> float:
    """Return the step for which the errors of several entries are least, in the sum of squares.

    Entry j, whose best step is hⱼ, errs at h by (κε/h)² (1 + (h/hⱼ)^(2p+2)/p).
    """
    least = float(steps.min())
    power = 2.0 * (p + 1)
    return least * float(np.mean((steps / least) ** -power) ** (-1 / power))


def _worsened(ratios: NDArray[np.float64], p: int) -> float:
    """Return by how much errors grow at steps so many times the best ones (root mean square)."""
    return float(np.sqrt(np.mean((1 + ratios ** (2 * p + 2) / p) / ratios**2)))
