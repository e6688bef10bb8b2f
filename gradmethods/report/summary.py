"""The text of a run in the terminal: a line per case, a summary, and a million passes in words."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradmethods.output import format as fmt
from gradmethods.timing.sweeps import OTHERS, get_sweep, size_of


def case_line(record: Mapping[str, Any]) -> str:
    """Say in one line what a case found.

    Examples
    --------
    >>> record = {"sweep": "width", "network": "2-8-8-1", "n": 105, "provider": "backprop"}
    >>> case_line(record | {"outcome": "gap", "reason": "Estimated 1 h."})
    'width  2-8-8-1        n = 105        backprop             gap: Estimated 1 h.'
    """
    sweep, (letter, size) = record["sweep"], size_of(record)
    grows = "size" if sweep in OTHERS else sweep.partition("-")[0]
    head = f"{grows:<6} {record['network']:<14} {letter} = {size:<10,} {record['provider']:<20} "
    if record["outcome"] == "gap":
        return f"{head}gap: {fmt.shortened(record['reason'], 120)}"
    if "ratio" not in record:
        return f"{head}{record['operations']:>8,} operations"
    ratio, beside = record["ratio"], record.get("other_provider", "loss")
    return (
        f"{head}{fmt.time(record['gradient']['median']):>8}"
        f"   {fmt.interval(ratio['median'], ratio['low'], ratio['high'])} × {beside}"
        f"{'   CONTENDED' if record.get('contended') else ''}"
    )


def summary(out: Path, seconds: float | None = None) -> str:
    """Summarise a written report: where it is, what grows how, what is missing.

    Parameters
    ----------
    out : pathlib.Path
        Folder of the run.
    seconds : float, optional
        How long the run took.
    """
    from gradmethods.output.files import ACCURACY, PROVENANCE, RECORDS, read_json, records_so_far
    from gradmethods.report import findings as accuracy
    from gradmethods.report.caveats import caveats
    from gradmethods.report.cost_frames import costs_frame, noise, noise_frame, slopes_frame
    from gradmethods.report.exhibits.tab_slopes import slopes_table

    where = [
        "",
        f"Report:  {out / 'report.html'}",
        f"Figures: {out / 'figures'}",
        f"Tables:  {out / 'tables'}",
    ]
    records = records_so_far(out / RECORDS)
    if not records:
        return accuracy.summary(out) + "\n".join(where) + "\n"
    costs, floors = costs_frame(records), noise_frame(records)
    slopes = slopes_frame(costs)
    gaps = int((costs["outcome"] == "gap").sum())
    took = "" if seconds is None else f" in {seconds:.0f} s"
    lines = ["", f"{len(costs) - gaps} cases measured, {gaps} gaps{took}."]
    floor = noise(floors)
    if floor is not None:
        lines.append(f"Noise floor: a factor of {floor:.3f} (the loss timed against itself).")
    for row in slopes_table(slopes[slopes["quantity"] == "ratio"]).to_dict("records"):
        letter = get_sweep(row["Sweep"]).grows
        if row["Exponent"] == fmt.NONE:
            lines.append(
                f"  {row['Sweep']:<11} {row['Method']:<26} no exponent: {row['Settled']} "
                f"({row['Points']} sizes)"
            )
            continue
        theory = "" if row["Theory"] == fmt.NONE else f", theory {row['Theory']}"
        bent = "" if row["Settled"] == "yes" else ", not settled"
        lines.append(
            f"  {row['Sweep']:<11} {row['Method']:<26} gradient ÷ loss ∝ {letter}^{row['Exponent']}"
            f"{theory}{bent} ({row['Fitted sizes']})"
        )
    for caveat in caveats(read_json(out / PROVENANCE, dict), costs, floors):
        lines += ["", textwrap.fill(caveat, 100)]
    found = accuracy.findings(records_so_far(out / ACCURACY))
    if found:
        lines += ["", *(textwrap.fill(words, 100, subsequent_indent="  ") for words in found)]
    return "\n".join(lines + where) + "\n"


def result_text(result: Mapping[str, Any]) -> str:
    """Say in a few lines what a run found."""
    rows = [("the loss", {"seconds": result["loss"]["seconds"]})]
    rows += [
        ("backprop", result["backprop"]),
        ("differences, over the graph", result["reuse"]),
        ("differences, black box", result["differences"]),
    ]
    lines = [f"{result['network']}, batch {result['batch']}: {result['n']:,} parameters"]
    for name, row in rows:
        ratio = row.get("ratio")
        times = "" if ratio is None else (
            f"   {fmt.interval(ratio['median'], ratio['low'], ratio['high'])} × loss"
        )  # fmt: skip
        lines.append(f"  {name:<28} {fmt.time(row['seconds']):>8}{times}")
    passes = f"{result['calls']:,} calls of the loss, counted"
    error = f"error {fmt.error(result['errors']['differences'])} against backprop"
    certified = result["certified"]["errors"]
    against = ", ".join(f"{name} {fmt.error(value)}" for name, value in certified.items())
    times = result["differences"]["seconds"] / result["backprop"]["seconds"]
    compared = f"black-box differences took {times:,.0f} times as long as backprop"
    words = (f"{passes}; {error}", compared, f"against certified components: {against}")
    return "\n".join([*lines, *(f"  {part}" for part in words)])
