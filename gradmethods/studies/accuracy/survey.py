"""The accuracy report: every problem × provider × parameter array against the certified gradient.

It computes records, plain values ready for JSON; it writes no file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradmethods import problems
from gradmethods.core.distance import norm
from gradmethods.core.provider import Provider
from gradmethods.providers.analytical import Analytical
from gradmethods.providers.backprop import Backprop
from gradmethods.providers.forms import FORMS
from gradmethods.providers.forward import Forward
from gradmethods.providers.numerical import Numerical
from gradmethods.providers.schemes import DISTINCT
from gradmethods.studies.accuracy.answers import Answer, ask
from gradmethods.studies.accuracy.subject import Subject
from gradmethods.truth.error_bounds import amplification, bound
from gradmethods.truth.measures import measure
from gradmethods.truth.truth import true_arrays
from gradmethods.truth.verdict import verdict

if TYPE_CHECKING:
    import pandas as pd

VARIANTS = (
    *(Analytical(form).name for form in FORMS if form != Analytical().form),
    *(Numerical(scheme).name for scheme in DISTINCT),
    Forward().name,
    Backprop().name,
)
"""Every method and every variant whose accuracy differs."""

WHOLE = "(all)"
"""Stands for all parameter arrays together."""


def reference_record(subject: Subject) -> dict[str, Any]:
    """Say how well the truth of a problem is known, and how well it can be computed.

    Returns
    -------
    dict
        ``problem``, ``dtype``, ``n``, ``components``, ``value``; ``digits`` (relative to the norm
        of each parameter array, the worst), ``component_digits`` (of the worst component),
        ``bits`` of the working precision, ``seconds``; and ``arrays``, for each of which, and for
        the whole: ``array``, ``n``, ``norm``, and ``condition``, the bound on what rounding does in
        the problem's own precision ÷ (unit round-off × norm), ``amplification`` being the worst of
        a component.

    Raises
    ------
    GradientError
        Where there is no certified gradient.
    """
    truth = subject.truth
    problem = subject.problem
    structure = problem.structure
    true, rounding, factors = (
        true_arrays(truth),
        truth.rounding(),
        amplification(truth),
    )
    unit = float(np.finfo(problem.dtype).eps) / 2
    return _about(subject) | {
        "value": truth.value,
        "digits": truth.digits,
        "component_digits": min(float(np.min(x)) for x in truth.component_digits.values()),
        "bits": truth.bits,
        "seconds": truth.seconds,
        "arrays": [
            {
                "array": name,
                "n": pick(true).size,
                "norm": norm(pick(true)),
                "condition": _over(norm(pick(rounding)), unit * norm(pick(true))),
                "amplification": float(pick(factors).max()),
            }
            for name, pick in _arrays(structure)
        ],
    }


def gradient_record(
    subject: Subject, provider: Provider, *, seconds: float = 0.0
) -> dict[str, Any]:
    """Measure one provider's gradient against the truth, and judge it by its bound.

    Parameters
    ----------
    subject : Subject
        Problem and truth.
    provider : Provider
        Asked for one gradient.
    seconds : float, default 0.0
        Time to spend on timing it; with 0 nothing is timed.

    Returns
    -------
    dict
        ``problem``, ``provider``, ``verdict`` (``"right"``, ``"wrong"``, ``"not decided"``;
        ``"obstacle"`` if there is no gradient), ``reason``,
        ``forward_passes``, ``unresolved`` (entries that the method marks itself), ``preparation``,
        ``cost``, and ``arrays``: for each parameter array, and for all together, the `Measures` of
        its error, ``bound`` (what the provider states, or theory: its norm ÷ the norm of the
        truth), ``excess`` (the largest error ÷ bound of a component) and ``verdict``.

    Raises
    ------
    GradientError
        Where there is no certified gradient.
    """
    truth = subject.truth
    answer, prepared = ask(subject.problem, provider, seconds)
    record = _about(subject) | {"provider": answer.provider}
    if answer.given is None or prepared is None:
        return record | {"verdict": "obstacle", "reason": answer.obstacle, "arrays": []}

    def derivatives(_problem: Any, order: int) -> NDArray[np.float64]:
        known = subject.derivatives
        if known is None:  # Theory promises nothing.
            return np.full((subject.problem.size, order + 1), np.nan)
        return known[:, : order + 1]

    structure = subject.problem.structure
    bounds = answer.given.stated or bound(prepared, truth, derivatives)
    gradient = structure.restore(answer.given.gradient)
    judged = verdict(gradient, truth, bounds)
    true = true_arrays(truth)
    excess = {name: found.excess for name, found in judged.arrays.items()}
    outcomes = {name: found.outcome for name, found in judged.arrays.items()}
    rows = [
        asdict(found)
        | {
            "array": name,
            "bound": _over(norm(pick(bounds)), norm(pick(true))),
            "excess": excess.get(name, max(excess.values())),
            "verdict": outcomes.get(name, judged.outcome),
        }
        for found, (name, pick) in zip(measure(gradient, truth), _arrays(structure), strict=True)
    ]
    return record | {
        "verdict": judged.outcome,
        "reason": judged.reason,
        "arrays": rows,
        **_cost(answer),
    }


def accuracy_table(
    problem_names: Iterable[str] | None = None, providers: Iterable[Provider] | None = None
) -> pd.DataFrame:
    """Hold providers against the certified gradient on problems of the catalogue.

    Parameters
    ----------
    problem_names : iterable of str, optional
        All problems if not given, at their default sizes.
    providers : iterable of Provider, optional
        One for each of `VARIANTS` if not given.

    Returns
    -------
    pandas.DataFrame
        A row per problem, provider and parameter array, and one with the array ``"(all)"`` for the
        whole gradient; an obstacle is one row. Columns as in `gradient_record`.
    """
    import pandas as pd

    from gradmethods.providers import get_provider

    chosen = [get_provider(name) for name in VARIANTS] if providers is None else list(providers)
    rows: list[dict[str, Any]] = []
    for name in problems.names() if problem_names is None else problem_names:
        subject = Subject(problems.get(name))
        for provider in chosen:
            rows += flat_rows(gradient_record(subject, provider))
    return pd.DataFrame(rows)


def flat_rows(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row per parameter array of a record, what they share repeated."""
    shared = {name: value for name, value in record.items() if name != "arrays"}
    return [shared | row for row in record["arrays"]] or [shared | {"array": WHOLE}]


def _about(subject: Subject) -> dict[str, Any]:
    return {
        "problem": subject.problem.name,
        "dtype": subject.dtype,
        "n": subject.whole.size,
        "components": subject.chosen.size,
    }


def _arrays(structure: Any) -> list[tuple[str, Any]]:
    """List names of arrays, the whole last, each with how to pick it out of arrays, flat."""

    def picked(name: str) -> Any:
        return lambda arrays: np.ravel(arrays[name]).astype(float)

    whole: tuple[str, Any] = (WHOLE, lambda arrays: structure.join(arrays).astype(float))
    return [*((name, picked(name)) for name in structure.shapes), whole]


def _cost(answer: Answer) -> dict[str, Any]:
    return {
        "value": answer.value,
        "forward_passes": answer.forward_passes,
        "unresolved": answer.unresolved,
        "preparation": answer.preparation,
        "cost": answer.cost.record() if answer.cost else None,
    }


def _over(numerator: float, denominator: float) -> float:
    """Divide; 0/0 is 0, as no error is allowed where there is nothing."""
    if not denominator:
        return 0.0 if not numerator else float("inf")
    return numerator / denominator
