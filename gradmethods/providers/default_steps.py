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
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.providers.choice import Chooser, chosen_at
from gradmethods.providers.groups import Groups
from gradmethods.providers.probe import Probe
from gradmethods.providers.schemes import RICHARDSON, SCHEMES, StepRule
from gradmethods.providers.steps import ChosenSteps, FirstSteps

if TYPE_CHECKING:
    from gradmethods.providers.spreading import Team

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
