"""Best, theoretical and default steps of differences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Table
from gradmethods.providers.registry import traits
from gradmethods.report.accuracy_frames import WIDEST
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import SAMPLES, STEPS, TRUTH

CAPTION = Caption(
    "Best, theoretical and default steps",
    "The step with the least error of those measured; the one that theory calls the best, what "
    "it gives and what theory said it would; the provider's own steps (smallest – largest over "
    "the parameters), their error, and what is lost by them. Of the complex step the best is "
    "the widest that is good. “> 0.1”: no step that was tried is too wide. A default below the "
    "least is possible: it has a step for each parameter.",
    (TRUTH, STEPS, SAMPLES),
)


def steps_table(steps: pd.DataFrame) -> pd.DataFrame:
    """Write best, theoretical and default steps for readers."""
    rows = []
    for row in steps.to_dict("records"):
        narrow = row["theory_step"] <= WIDEST
        rows.append(
            {
                "Problem": row["problem"],
                "dtype": row["dtype"],
                "Scheme": traits(row["provider"]).short,
                "Best step": fmt.error(row["best_step"]),
                "in theory": fmt.error(row["theory_step"]) if narrow else _wider(row),
                "Theory ÷ measured": fmt.significant(row["step_ratio"], 2) if narrow else fmt.NONE,
                "Default step": _range(row),
                "Least error": fmt.error(row["least_error"]),
                "by theory's step": fmt.error(row["theory_error"]),
                "predicted": fmt.error(row["theory_predicted"]),
                "by default": fmt.error(row["default_error"]),
                "Default ÷ least": fmt.significant(row["default_ratio"], 2),
                "Passes": fmt.count(row["default_passes"]),
            }
        )
    return pd.DataFrame(rows)


def _wider(row: dict[Any, Any]) -> str:
    return fmt.NONE if fmt.missing(row["theory_step"]) else f"> {WIDEST:g}"


def _range(row: dict[Any, Any]) -> str:
    low, high = row["default_step_low"], row["default_step_high"]
    if fmt.missing(low):
        return fmt.NONE
    return fmt.error(low) if low == high else f"{fmt.error(low)} – {fmt.error(high)}"


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table, if steps were swept."""
    if len(run.points):
        worst = run.steps.groupby(["scheme", "dtype"])["default_ratio"].transform("max")
        caption = run.partly(CAPTION, "atlas", "curves")
        yield Table(
            "tab-steps", caption, run.steps, steps_table(run.steps),
            list(run.steps["default_ratio"] == worst),
            "of each scheme and dtype the problem on which the default step loses most",
        )  # fmt: skip


EXHIBIT = Exhibit("steps", 30, ACCURACY, make)
