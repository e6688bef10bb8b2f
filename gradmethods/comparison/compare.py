"""Compare providers on one problem: value, gradient, cost and a verdict for each."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

from gradmethods.comparison.candidates import advice_on
from gradmethods.comparison.comparison import Comparison, comparison_text
from gradmethods.core.problem import Problem
from gradmethods.core.provider import Provider
from gradmethods.errors import InvalidOption, InvalidProblem
from gradmethods.providers import get_provider
from gradmethods.providers.attempt import warm_up
from gradmethods.studies.accuracy.answers import ask, judge_answers
from gradmethods.timing.timing import refuse_shared
from gradmethods.truth.find import SECONDS, find_truth

DEFAULT_PROVIDERS = ("analytical", "numerical", "numerical:complex-step", "backprop")
"""Names of those that `compare` and the command compare if not told otherwise."""

Chosen = Iterable[Provider | str] | Provider | str


def compare(
    problem: Problem,
    providers: Chosen | None = None,
    *,
    seconds: float = 0.5,
    truth_seconds: float = SECONDS,
) -> Comparison:
    """Differentiate a problem with several providers and hold the answers against the truth.

    Parameters
    ----------
    problem : Problem
        A loss, its parameters and its data.
    providers : provider or str, or an iterable of these, optional
        Objects, or names as `get_provider` takes them; `DEFAULT_PROVIDERS` if not given.
    seconds : float, default 0.5
        Time to spend on measuring each provider; with 0 nothing is timed.
    truth_seconds : float, default 5.0
        Seconds of computing that certifying the gradient may take; other programs do not count. If
        all of it takes longer, some components and directions are certified, for which it may take
        as long again, and so may the bound on rounding.

    Returns
    -------
    Comparison
        With ``.table``, ``.agree``, ``.truth``, ``.advice``, ``.plot()``; printing it shows the
        table, the verdict and, if the providers were timed, which of them to use.

    Raises
    ------
    InvalidProblem
        If `problem` is no `Problem`.
    InvalidOption
        If a provider is none, or two have one name; or if one that is to be timed works with an
        executor.
    UnknownName
        If there is no provider of a name.

    Notes
    -----
    A provider that fails is a row with its reason. Each gradient is held against the certified one,
    by the bound of its method: what rounding may do, for exact methods and those of a user that say
    so by ``exact = True``; the method's own estimate, for differences. One that states neither is
    wrong where it has no correct digit. Without a certificate nobody is called right, and the
    reason is given.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem = gm.Problem(lambda w, xp=np: xp.sum(xp.sin(w)), np.array([0.1, 2.0]))
    >>> comparison = gm.compare(problem, seconds=0)
    >>> comparison.agree
    True
    >>> comparison.table["forward_passes"].to_list()
    [0, 4, 2, 1]
    >>> gm.compare(problem, ["backprop", "numerical:forward"], seconds=0).verdicts
    {'backprop': 'right', 'numerical:forward': 'right'}
    """
    if not isinstance(problem, Problem):
        raise InvalidProblem(
            f"Expected a problem, got {type(problem).__name__}. Make one with "
            "gm.Problem(loss, params, data), or take one from gm.problems.get(name)."
        )
    for name, value in (("seconds", seconds), ("truth_seconds", truth_seconds)):
        if not 0 <= value < math.inf:
            raise InvalidOption(f"{name} must be a number from 0 on, got {value!r}.")
    chosen = _chosen(DEFAULT_PROVIDERS if providers is None else providers)
    answers = []
    for provider in chosen:
        if seconds > 0:
            refuse_shared(provider)
            warm_up(provider)
        answers.append(ask(problem, provider, seconds)[0])
    found, judged = judge_answers(answers, find_truth(problem, truth_seconds))
    advised = advice_on(found, judged.values()) if seconds > 0 else None
    made = Comparison(problem, float(problem.value()), found, judged, advised)
    return replace(made, text=comparison_text(made))


def _chosen(providers: Chosen) -> list[Provider]:
    alone = isinstance(providers, str) or not isinstance(providers, Iterable)
    given: list[Any] = [providers] if alone else list(cast("Iterable[Any]", providers))
    chosen = [get_provider(each) if isinstance(each, str) else each for each in given]
    for each in chosen:
        if isinstance(each, type) or not isinstance(each, Provider):
            what = f"the class {each.__name__}" if isinstance(each, type) else repr(each)
            raise InvalidOption(
                f"Expected providers or their names, got {what}. Write gm.Backprop() or 'backprop'."
            )
    names = [provider.name for provider in chosen]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidOption(f"Providers to compare need different names, got {repeated} twice.")
    return chosen
