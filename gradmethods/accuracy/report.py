"""The accuracy report: every problem × provider, one row each. It computes; it writes no file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gradmethods import problems
from gradmethods.accuracy.compare import compare
from gradmethods.provider import Provider

if TYPE_CHECKING:
    import pandas as pd

VARIANTS = (
    "analytical",
    "analytical:expanded",
    "analytical:chain-rule",
    "numerical:forward",
    "numerical",
    "numerical:five-point",
    "numerical:richardson",
    "numerical:complex-step",
    "backprop",
)
"""Every method and every variant whose accuracy differs."""


def accuracy_table(
    problem_names: Iterable[str] | None = None, providers: Iterable[Provider] | None = None
) -> pd.DataFrame:
    """Compare providers on problems of the catalogue, at their default sizes.

    Parameters
    ----------
    problem_names : iterable of str, optional
        All problems if not given.
    providers : iterable of Provider, optional
        One for each of `VARIANTS` if not given.

    Returns
    -------
    pandas.DataFrame
        Columns: problem, provider, n, value, error, worst_component, forward_passes, verdict,
        reason, obstacle, reference; errors as in `Comparison.table`.
    """
    import pandas as pd

    from gradmethods.providers import get_provider

    chosen = [get_provider(name) for name in VARIANTS] if providers is None else list(providers)
    names = problems.names() if problem_names is None else list(problem_names)
    tables = []
    for name in names:
        comparison = compare(problems.get(name), chosen, seconds=0)
        table = comparison.table.reset_index()
        table.insert(0, "problem", name)
        table.insert(2, "n", comparison.problem.size)
        table["reference"] = comparison.reference.provider if comparison.reference else ""
        tables.append(table)
    columns = [
        "problem", "provider", "n", "value", "error", "worst_component",
        "forward_passes", "verdict", "reason", "obstacle", "reference",
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True)[columns]
