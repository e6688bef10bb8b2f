"""The default steps of a real scheme: chosen at preparation, from the problem's own loss.

The best step balances truncation and round-off (see `steps.step_for`), and neither is known
beforehand. Round-off is seen along a line through all parameters (`noise`), truncation on a ladder
of steps for each of them (`ladder`, `climb`, `entry`), which also sees kinks and jumps near by and
how far the quotient may be off; what it cannot exclude is in `hidden`. The step of a parameter of
like size is tried first, and takes four to eight evaluations where it holds, more where scales
differ. Of many parameters, a few stand for all that are alike, which is verified (`groups`). No
derivative rule takes part.

What is finer than four neighbouring numbers, or fainter than some ten roundings of the loss, no
difference can see: a kink, a jump or a ripple like that is beyond any choice of steps.

Sources: P. E. Gill, W. Murray, M. A. Saunders and M. H. Wright, Computing forward-difference
intervals for numerical optimization, SIAM Journal on Scientific and Statistical Computing 4 (1983)
310-321; J. J. Moré and S. M. Wild, Estimating derivatives of noisy simulations, ACM Transactions on
Mathematical Software 38 (2012) 19.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.providers.choice import Chooser, chosen_at
from gradmethods.providers.estimates import HALF, judge
from gradmethods.providers.groups import Groups
from gradmethods.providers.ladder import AGREE
from gradmethods.providers.parts import BLOCK
from gradmethods.providers.probe import Probe
from gradmethods.providers.schemes import (
    RICHARDSON,
    SCHEMES,
    Estimate,
    Losses,
    StepRule,
    Vector,
    differences,
    or_nan,
)
from gradmethods.providers.steps import Answer, ChosenSteps, FirstSteps

if TYPE_CHECKING:
    from gradmethods.providers.spreading import Spreading, Team

RESCALED = 4.0
"""Steps are chosen anew where the largest parameter is so many times what it was, or a part."""

SHORTER = 4.0
"""By so many times shorter steps tell whether a quotient is the slope of a jump."""

EACH = 300
"""Up to so many parameters, each has a ladder of its own."""


def choose_steps(problem: Problem, scheme: str, team: Team | None = None) -> StepRule:
    """Look at the loss near the point of a problem, and choose a step for each parameter.

    Parameters
    ----------
    problem : Problem
        Its loss is called, in plain NumPy; nothing else of it is used.
    scheme : str
        Any of the real schemes. Richardson extrapolation climbs its ladders at each call, and gets
        from here what noise they will meet.
    team : Team, optional
        Who climbs the ladders of all parameters, if it is not to be done here.
    """
    with np.errstate(all="ignore"):
        probe = Probe(problem)
        home = problem.structure.check(problem.params)
        if not math.isfinite(probe.value):
            return ChosenSteps(scheme, None, (0.0, 0.0), probe.passes)
        begin = time.perf_counter()
        chooser = Chooser(probe)
        if scheme == RICHARDSON:
            return FirstSteps(chooser.round_off, probe.value, probe.passes)
        if probe.point.size <= EACH:
            climbers = None
            if team is not None:
                seconds = (time.perf_counter() - begin) / probe.passes
                at = probe.point, problem.data, probe.value, seconds
                climbers = team.at((scheme, "steps"), partial(chosen_at, scheme), *at)
            known = chooser.each(SCHEMES[scheme], home, climbers)
        else:
            known = Groups(chooser, SCHEMES[scheme], home).known()
    return ChosenSteps(scheme, known, chooser.away, probe.passes)


class Place(NamedTuple):
    """Where a gradient is wanted: a point and data, and what evaluates the loss there.

    Attributes
    ----------
    point, data
        The flat parameters, and all data.
    evaluate : callable
        The loss at the point, which may be moved.
    losses : callable
        What finds losses beside it.
    seconds : float
        Of a pass.
    spread : callable
        Makes the work of some name for the team, None where there is no team.
    before : Answer or None
        The last gradient that was found, with the problem's own data.
    first : callable
        The steps that were prepared: where they were chosen, no others are taken.
    """

    point: Vector
    data: Arrays
    evaluate: Callable[[], float]
    losses: Losses
    seconds: float
    spread: Callable[[str], Spreading | None]
    before: Answer | None
    first: StepRule


def remembered(
    problem: Problem, scheme: str, step: StepRule, place: Place, team: Team | None = None
) -> tuple[Estimate, StepRule, Answer | None]:
    """Take differences with the steps that are remembered, or with new ones if they surprise.

    Steps that were chosen at another point, or with other data, are held against what the losses
    show here: see `estimates.Judge`. If that is not like what they showed there, or parameters have
    become much larger or smaller, steps are chosen here as for a problem at this point, and the
    gradient is to the last bit what that one's is.

    Returns
    -------
    Estimate
        All passes are counted but that for the value.
    StepRule
        To remember from now on.
    Answer or None
        To hold the next gradient against, with the problem's own data; none of so many parameters
        that copies would count in memory.
    """
    own = place.data is problem.data
    if own and place.first.known is not None and place.first.known.is_home(place.point):
        step = place.first
    judged = judge(scheme, step, place.point, own_data=own)
    looked = judged.look(place.evaluate, place.point) if judged else 0

    def taken(name: str) -> Estimate:
        spread = place.spread(name)
        at = scheme, place.losses, place.point, step, place.seconds
        return differences(*at, judged, spread)

    def kept(found: Estimate) -> Answer | None:
        if not own or place.point.size > BLOCK:
            return place.before
        return Answer(place.point.copy(), found.value, found.gradient.copy())

    found = taken("gradient")
    surprised = judged is not None and (
        judged.surprised or (judged.away and _rescaled(step, place))
    )
    if judged is not None and judged.away and own and not surprised:
        surprised, more = _strayed(step, place, found)
        looked += more
    if not surprised or not np.isfinite(place.point).all():
        return found._replace(passes=found.passes + looked), step, kept(found)
    arrays = problem.structure.restore(problem.structure.split(place.point))
    here = problem.replace(params=arrays, data=None if own else place.data)
    chosen = choose_steps(here, scheme, team)
    passes = found.passes + looked + chosen.passes
    if not isinstance(chosen, ChosenSteps) or chosen.known is None:
        return found._replace(passes=passes), step, kept(found)
    step, judged = chosen, judge(scheme, chosen, place.point, own_data=True)
    found = taken("gradient with other steps")
    if not own:  # nobody is at home there: data are not compared
        step = replace(chosen, known=replace(chosen.known, home={}, answer=None))
    return found._replace(passes=passes + found.passes), step, kept(found)


def _rescaled(step: StepRule, place: Place) -> bool:
    """Whether parameters are so much larger or smaller than where steps were chosen.

    Near 0 many losses are parabolas, for which wide steps are right, and of what these leave out
    elsewhere a central difference shows nothing; nor of a kink on either side of a smaller point.
    """
    if step.known is None:
        return False
    largest = float(np.maximum.reduce(abs(place.point))) or 1.0
    before = step.known.largest
    return not before / RESCALED <= largest <= before * RESCALED


def _strayed(step: StepRule, place: Place, found: Estimate) -> tuple[bool, int]:
    """Whether the loss went another way since the last gradient, or since steps were chosen.

    Where its rise tells nothing, the loss is asked for twice more: the passes that it took are
    returned, too.
    """
    known = step.known
    before = place.before or (known and known.answer)
    if before is None or known is None or not math.isfinite(found.value):
        return False, 0
    round_off = known.round_off
    noise = max(round_off.noise, round_off.unit * abs(found.value))
    here = Answer(place.point, found.value, found.gradient)
    if before.strays(here, noise):
        return True, 0
    changed = before.leaves_open(here, step, known.root_curvature)
    return (False, 0) if changed is None else (_steeper(step, place, here, changed, noise), 2)


def _steeper(step: StepRule, place: Place, here: Answer, changed: Vector, noise: float) -> bool:
    """Whether slopes are others within a part of the steps, along all parameters at once.

    The loss rises along each of them, so that what they show of one jump, or of one steep step,
    adds up: it is as many times as large there as the steps are shorter.
    """
    point, evaluate, home = place.point, or_nan(place.evaluate), place.point.copy()
    moves = np.copysign(step(home) / SHORTER, here.gradient)
    np.add(home, moves, out=point)
    apart, rise = point.astype(float), evaluate()
    np.subtract(home, moves, out=point)
    apart, rise = apart - point, rise - evaluate()
    point[:] = home
    assert step.known is not None
    errors = step.known.errors[step.known.groups(slice(0, point.size))]
    left_out = np.where(np.isfinite(errors), errors, 0.0) @ abs(apart)
    least = HALF * abs(changed * apart).min(initial=math.inf, where=changed != 0)
    rounding = AGREE * noise * math.sqrt(point.size)
    return not abs(rise - here.gradient @ apart) <= least + left_out + rounding
