"""The ledger of claims for readers: tables, a figure for each claim, and text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.figures import new_figure
from gradmethods.output.items import Item, Writer
from gradmethods.output.style import RC, THEORY
from gradmethods.providers.registry import style_of
from gradmethods.report.accuracy.sections import Section
from gradmethods.studies.claims.claim import UNDECIDED

Records = Sequence[Mapping[str, Any]]

VERDICTS = (
    "Criteria were fixed before anything was measured. A claim is supported if all its criteria "
    "are, and refuted if one is. “Exact”: the answer rests on counts or on proven digits, and is "
    "the same on every machine."
)

CAPTIONS = {
    "claims": Caption(
        "The ledger of claims",
        f"What is said about ways to compute a gradient, by whom, and what was found. {VERDICTS}",
    ),
    "criteria": Caption(
        "What decides each claim",
        "Every criterion, the quantity that it looks at, and its value with the interval: 95 % for "
        f"what is fitted or timed, the range for what is counted. {VERDICTS}",
    ),
}


def ledger_items(writer: Writer, records: Records) -> list[Item]:
    """Write the tables and the figures of the ledger; nothing if there are no claims."""
    claims = ordered(records)
    if not claims:
        return []
    frame = criteria_frame(claims)
    items = [
        writer.table("tab-claims", CAPTIONS["claims"], claims_frame(claims), claims_table(claims)),
        writer.table("tab-criteria", CAPTIONS["criteria"], frame, criteria_table(frame)),
    ]
    return items + [
        writer.figure(
            f"fig-{claim['key']}", figure_caption(claim), points_frame(claim), partial(draw, claim)
        )
        for claim in claims
        if claim["panels"]
    ]


SECTION = Section(
    "claims",
    "The ledger of claims",
    "What the literature says about ways to compute a gradient, each claim decided by criteria "
    "that were fixed before anything was measured.",
    ledger_items,
)


def ordered(records: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Pick the claims among records, by number."""
    claims = [record for record in records if str(record.get("key", "")).startswith("claim-")]
    return sorted(claims, key=lambda record: int(record["id"][1:]))


def claims_frame(claims: Records) -> pd.DataFrame:
    """One row per claim."""
    names = ["id", "title", "claim", "source", "verdict"]
    return pd.DataFrame([{name: claim[name] for name in names} for claim in claims], columns=names)


def criteria_frame(claims: Records) -> pd.DataFrame:
    """One row per criterion, in full precision."""
    rows = [
        {
            "id": claim["id"],
            "criterion": answer["name"],
            **{name: answer[name] for name in ("rule", "quantity", "exact", "verdict")},
            **{name: _number(answer[name]) for name in ("value", "low", "high")},
            "words": answer["words"],
        }
        for claim in claims
        for answer in claim["criteria"]
    ]
    return pd.DataFrame(rows)


def claims_table(claims: Records) -> pd.DataFrame:
    """Write the ledger for readers."""
    return pd.DataFrame(
        [
            {
                "": claim["id"],
                "Text": claim["claim"],
                "From": claim["source"],
                "Verdict": claim["verdict"],
            }
            for claim in claims
        ]
    )


def criteria_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Write the criteria for readers."""
    return pd.DataFrame(
        [
            {
                "": row["id"],
                "Criterion": row["criterion"],
                "Text": row["rule"],
                "Quantity": row["quantity"],
                "Found": found(row),
                "Exact": "yes" if row["exact"] else "no",
                "Verdict": row["verdict"],
                "Reason": row["words"] or fmt.NONE,
            }
            for row in frame.to_dict("records")
        ]
    )


def found(row: Mapping[str, Any]) -> str:
    """Write the value of a criterion, with its interval where that says more.

    Examples
    --------
    >>> found({"value": 0.5, "low": 0.48, "high": 0.52}), found({"value": 2, "low": 2, "high": 2})
    ('0.500 [0.480, 0.520]', '2')
    """
    value, low, high = (_number(row[name]) for name in ("value", "low", "high"))
    if fmt.missing(value):
        return fmt.NONE
    if low == value == high:
        return f"{value:,.0f}" if float(value).is_integer() else fmt.significant(value)
    return fmt.interval(value, low, high)


def figure_caption(claim: Mapping[str, Any]) -> Caption:
    """Describe the figure of a claim."""
    answers = "; ".join(f"{a['name']}: {a['verdict']}" for a in claim["criteria"])
    text = f"{claim['claim']} ({claim['source']}.) {claim['method']} Verdict: {claim['verdict']}"
    return Caption(f"{claim['id']}: {claim['title']}", f"{text} ({answers}).")


def points_frame(claim: Mapping[str, Any]) -> pd.DataFrame:
    """Return what a claim's figure shows: one row per point."""
    rows = []
    for place, panel in enumerate(claim["panels"], start=1):
        for series in panel["series"]:
            low, high = series["low"] or (), series["high"] or ()
            for i, (x, y) in enumerate(zip(series["x"], series["y"], strict=True)):
                rows.append(
                    {
                        "panel": place,
                        "series": _label(series),
                        "theory": series["theory"],
                        "x": panel["ticks"][int(x)].replace("\n", " ") if panel["ticks"] else x,
                        "y": _number(y),
                        "low": _number(low[i]) if i < len(low) else None,
                        "high": _number(high[i]) if i < len(high) else None,
                    }
                )
    return pd.DataFrame(rows)


def draw(claim: Mapping[str, Any], size: str = "wide") -> Figure:
    """Draw the panels of a claim side by side, or one below the other in a column."""
    panels = claim["panels"]
    across, down = (len(panels), 1) if size == "wide" else (1, len(panels))
    figure = new_figure(7.0, 3.3) if size == "wide" else new_figure(3.5, 2.9 * down + 0.5)
    with mpl.rc_context(RC):
        grid = figure.subplots(down, across, squeeze=False)
        for axes, panel in zip(grid.flat, panels, strict=True):
            _draw_panel(axes, panel)
        handles: dict[str, Any] = {}
        for axes in grid.flat:
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
                handles.setdefault(label, handle)
        if handles:
            figure.legend(
                list(handles.values()), list(handles), loc="outside lower center", handlelength=3,
                ncols=3 if size == "wide" else 2,
            )  # fmt: skip
    return figure


def _draw_panel(axes: Any, panel: Mapping[str, Any]) -> None:
    axes.set(xlabel=panel["x"], ylabel=panel["y"])
    axes.set_xscale("log" if panel["log_x"] else "linear")
    axes.set_yscale("log" if panel["log_y"] else "linear")
    if panel["title"]:
        axes.set_title(panel["title"], loc="left")
    for series in panel["series"]:
        x, y = list(series["x"]), [_number(value) for value in series["y"]]
        if series["theory"]:
            axes.plot(x, y, color=THEORY, linewidth=0.6, zorder=1)
            axes.annotate(
                series["name"], (x[-1], y[-1]), xytext=(5, 5), textcoords="offset points",
                fontsize=6.5, color=THEORY, va="center",
            )  # fmt: skip
            continue
        style = style_of(series["provider"] or series["name"])
        plot: dict[str, Any] = style.plot | ({"linestyle": "none"} if panel["ticks"] else {})
        # In a panel with words below, every point has its name there.
        named = len(panel["series"]) == len(panel["ticks"]) and len(x) == 1
        axes.plot(x, y, label="_" if named else _label(series), **plot)
        if series["low"]:
            ends = ([_number(value) for value in series[end]] for end in ("low", "high"))
            axes.vlines(x, *ends, color=style.colour, linewidth=3, alpha=0.45)
    if panel["ticks"]:
        axes.xaxis.set_major_locator(FixedLocator(range(len(panel["ticks"]))))
        axes.xaxis.set_major_formatter(FixedFormatter(list(panel["ticks"])))
        axes.tick_params("x", rotation=30 if len(panel["ticks"]) > 4 else 0)
        axes.margins(x=0.1, y=0.15)
    else:
        axes.margins(x=0.12)


def _label(series: Mapping[str, Any]) -> str:
    return series["name"] or style_of(series["provider"]).label


def ledger_text(records: Iterable[Mapping[str, Any]]) -> str:
    """Write the ledger for a terminal: a line per claim, and one for each of its criteria."""
    lines = []
    for claim in ordered(records):
        lines.append(f"{claim['id']:<4} {claim['title']}: {claim['verdict'].upper()}")
        lines += textwrap.wrap(
            f"“{claim['claim']}” ({claim['source']})", 100, initial_indent="     ",
            subsequent_indent="     ",
        )  # fmt: skip
        for answer in claim["criteria"]:
            exact = ", exact" if answer["exact"] else ""
            shown = found(answer)
            what = "" if shown == fmt.NONE else f" {answer['quantity']} {shown}"
            words = f" ({answer['words']})" if answer["words"] else ""
            lines += textwrap.wrap(
                f"{answer['name']}: {answer['verdict']}{exact}.{what}{words}", 100,
                initial_indent="     - ", subsequent_indent="       ",
            )  # fmt: skip
        lines.append("")
    return "\n".join(lines)


def undecided(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the identifiers of the claims that a ledger leaves open."""
    return [claim["id"] for claim in ordered(records) if claim["verdict"] == UNDECIDED]


def _number(value: Any) -> float:
    """Read a number back from JSON, which has no word for NaN and infinity."""
    return float("nan") if value is None else float(value)
