"""The text of a run in the terminal: a line per case, a summary, and a million passes in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradmethods.output import format as fmt
from gradmethods.timing.sweeps import OTHERS, size_of

if TYPE_CHECKING:
    from gradmethods.report.recorded import Recorded


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
    """Summarise a written report: the answer, what is missing, and where everything is.

    Parameters
    ----------
    out : pathlib.Path
        Folder of the run.
    seconds : float, optional
        How long the run took.
    """
    from gradmethods.output.files import (
        ACCURACY,
        CLAIMS,
        PROVENANCE,
        RECORDS,
        faults_of,
        read_origin,
        records_so_far,
    )
    from gradmethods.output.terminal import fill, framed, table
    from gradmethods.report import findings as accuracy
    from gradmethods.report.answer import methods_frame, methods_table, sentences, setting
    from gradmethods.report.caveats import caveats
    from gradmethods.report.cost_frames import noise
    from gradmethods.report.recorded import Recorded

    where = [
        "",
        f"Report:  {out / 'report.html'}",
        f"Figures: {out / 'figures'}",
        f"Tables:  {out / 'tables'}",
    ]
    run = Recorded(
        records_so_far(out / RECORDS), records_so_far(out / ACCURACY), records_so_far(out / CLAIMS)
    )
    if not run.records:
        return accuracy.summary(out) + "\n".join(where) + "\n"
    costs, floors, origin = run.costs, run.noise, read_origin(out / PROVENANCE) or {}
    lines = [""]
    frame = methods_frame(run)
    if len(frame):
        lines += [*(fill(words) for words in sentences(frame)), "", framed(methods_table(frame))]
        lines += [fill(setting(frame, costs)), ""]
    gaps = int((costs["outcome"] == "gap").sum())
    took = "" if seconds is None else f" in {seconds:.0f} s"
    lines.append(f"{len(costs) - gaps} cases measured, {gaps} gaps{took}.")
    if phases := origin.get("phases"):
        parts = ", ".join(f"{name} {took:.0f}" for name, took in phases.items())
        lines.append(f"Seconds: {parts}.")
    floor = noise(floors)
    if floor is not None:
        lines.append(f"Noise floor: a factor of {floor:.3f} (the loss timed against itself).")
    for caveat in caveats(origin, costs, floors, faults_of(out)):
        lines += ["", fill(caveat)]
    found = accuracy.findings(run.accuracy)
    if found:
        lines += ["", *(fill(words) for words in found)]
    missing = _gaps(run)
    if missing:
        lines += ["", "Gaps:", table(missing, left=list(missing[0]))]
    return "\n".join(lines + where) + "\n"


def _gaps(run: Recorded) -> list[dict[str, str]]:
    """List everything that left no result, what has one reason in one row."""
    from gradmethods.report.accuracy_frames import gaps_frame as unjudged
    from gradmethods.report.cost_frames import gaps_frame
    from gradmethods.report.exhibits.tab_gaps import gaps_table, unjudged_table

    costs = gaps_table(gaps_frame(run.costs)).to_dict("records")
    answers = unjudged_table(unjudged(run.accuracy)).to_dict("records")
    return [
        *(
            {
                "of": f"{row['Sweep']}, {row['Method']}",
                "what": row["Size"],
                "why": fmt.shortened(row["Reason"], 70),
            }
            for row in costs
        ),
        *(
            {
                "of": row["Problem"],
                "what": fmt.shortened(f"{row['What']} {row['Of']}".strip(), 40).rstrip("."),
                "why": fmt.shortened(row["Reason"], 70),
            }
            for row in answers
        ),
    ]


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
