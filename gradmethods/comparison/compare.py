"""Providers against each other on one problem: value, gradient, cost and a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from gradmethods.accuracy.answers import Answer, Prepared, ask, warm_up
from gradmethods.accuracy.judgement import judge
from gradmethods.accuracy.roundoff import plain_loss
from gradmethods.comparison.candidates import advice_on
from gradmethods.comparison.comparison import Comparison
from gradmethods.comparison.comparison_text import comparison_text
from gradmethods.errors import InvalidOption, InvalidProblem
from gradmethods.problem import Problem
from gradmethods.provider import Provider
from gradmethods.providers import get_provider

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
        verdict and, if the providers were timed, which of them to use. If they were timed, the
        gradient is certified for up to two seconds, to advise none that is wrong.

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
    judged = judge(problem, loss, answers, prepared)
    advised = advice_on(judged) if seconds > 0 else None
    return Comparison(
        judged.problem, judged.loss, judged.answers, judged.verdicts, judged.reasons,
        judged.reference, comparison_text(judged, advised), advised,
    )  # fmt: skip


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
