"""Providers against each other on one problem: value, gradient, cost and a verdict."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, cast

from gradmethods import problems
from gradmethods.accuracy.answers import Answer, Prepared, ask
from gradmethods.accuracy.comparison import Comparison
from gradmethods.accuracy.roundoff import PlainLoss, difference_noise, look_again, plain_loss
from gradmethods.accuracy.verdicts import Judge
from gradmethods.errors import InvalidOption, InvalidProblem
from gradmethods.problem import Problem
from gradmethods.provider import Provider
from gradmethods.providers import get_provider

__all__ = ["DEFAULT_PROVIDERS", "Answer", "Comparison", "compare"]

DEFAULT_PROVIDERS = ("analytical", "numerical", "numerical:complex-step", "backprop")
"""Names of those that `compare` and the command compare if not told otherwise."""

Chosen = Iterable[Provider | str] | Provider | str


def compare(
    problem: Problem, providers: Chosen | None = None, *, seconds: float = 0.5
) -> Comparison:
    """Differentiate a problem with several providers and hold the answers against each other.

    Parameters
    ----------
    problem : Problem
        A loss, its parameters and its data.
    providers : provider or str, or an iterable of these, optional
        Objects, or names as `get_provider` takes them; `DEFAULT_PROVIDERS` if not given.
    seconds : float, default 0.5
        Time to spend on measuring each provider; with 0 nothing is timed.

    Returns
    -------
    Comparison
        With ``.table``, ``.agree``, ``.advice``, ``.plot()``; printing it shows the table, the
        verdict and, if the providers were timed, which of them to use.

    Raises
    ------
    InvalidProblem
        If `problem` is no `Problem`.
    InvalidOption
        If a provider is none, or two have one name.
    UnknownName
        If there is no provider of a name.

    Notes
    -----
    A provider that fails is a row with its reason. Where two methods do not agree at once, exact
    ones are evaluated at some thirty points more, to see what round-off does to them.

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
    {'backprop': 'agrees', 'numerical:forward': 'agrees'}
    """
    if not isinstance(problem, Problem):
        raise InvalidProblem(
            f"Expected a problem, got {type(problem).__name__}. Make one with "
            "gm.Problem(loss, params, data), or take one from gm.problems.get(name)."
        )
    chosen = _chosen(DEFAULT_PROVIDERS if providers is None else providers)
    loss = plain_loss(problem)
    answers: list[Answer] = []
    prepared: dict[str, Prepared] = {}
    for provider in chosen:
        if seconds > 0:
            warm_up(provider.name)
        answer, ready = ask(problem, provider, seconds)
        if ready is not None:
            prepared[answer.provider] = ready
        answers.append(answer)
    return judged(problem, loss, answers, prepared)


def judged(
    problem: Problem, loss: PlainLoss, given: Sequence[Answer], prepared: Mapping[str, Prepared]
) -> Comparison:
    """Hold answers against each other, and look again at exact ones where two do not agree.

    Parameters
    ----------
    problem : Problem
        What they are about.
    loss : PlainLoss
        Of the problem.
    given : sequence of Answer
        What the providers gave.
    prepared : mapping of str to callable
        The prepared gradients of those that gave one, by provider.
    """
    answers = [
        replace(a, noise=difference_noise(problem, prepared[a.provider], a.provider, loss))
        if a.provider in prepared
        else a
        for a in given
    ]
    judge = Judge(problem, loss, answers)
    if judge.in_doubt:
        exact = {a.provider for a in judge.voters if a.noise is None}
        answers = [
            replace(a, **look_again(problem, prepared[a.provider])) if a.provider in exact else a
            for a in answers
        ]
    return Comparison(problem, loss, tuple(answers))


@cache
def warm_up(name: str) -> None:
    """Let a provider import what it needs, once, outside of any measurement."""
    smallest = problems.get("network-1-1-1")
    # A user's own provider has a name that nobody else knows; what fails here fails again later.
    with contextlib.suppress(Exception):
        get_provider(name).prepare(smallest)(smallest.params)


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
