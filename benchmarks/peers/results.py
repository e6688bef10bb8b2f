"""The comparison's folder: tables and figures from its records, without measuring anything."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.peers import frames, plots
from benchmarks.peers.captions import FIGURES, TABLES, source_line
from benchmarks.peers.cases import FAMILIES
from benchmarks.peers.cases import style as contender_style
from gradmethods.output import format as fmt
from gradmethods.output.figures import SIZES
from gradmethods.output.files import (
    PROVENANCE,
    RECORDS,
    read_json,
    read_records,
    write_json,
    write_text,
)
from gradmethods.output.items import Item, Writer
from gradmethods.report.cite import bibliography, run_name


def write_results(out: Path | str) -> list[Path]:
    """Write every table and figure of a comparison from its records alone.

    Parameters
    ----------
    out : path
        Folder of the run.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    GradientError
        If the folder holds no records.
    """
    folder = Path(out)
    records = read_records(folder / RECORDS)
    origin = read_json(folder / PROVENANCE, dict)
    run = run_name((folder / RECORDS).read_bytes())
    source = f"{source_line(origin, records)} Run {run}."
    times, ratios = frames.times_frame(records), frames.ratios_frame(records)
    gaps = times[times["outcome"] == "gap"]
    overall = frames.overall_frame(records, seed=(origin or {}).get("seed") or 0)

    writer = Writer(folder, source)
    items = [
        writer.table(f"tab-peers-{name}", TABLES[name], data, shown)
        for name, data, shown in (
            ("overall", overall, overall_table(overall)),
            ("times", times, times_table(times)),
            ("ratios", ratios, ratios_table(ratios)),
            ("gaps", gaps[_GAP], gaps_table(gaps)),
        )
    ]
    measured = times[times["outcome"] == "measured"]
    for family in FAMILIES:
        for kind, rows, draw in (
            ("time", measured[measured["family"] == family], plots.times),
            ("ratio", _main(ratios[ratios["family"] == family]), plots.ratios),
        ):
            if len(rows):
                name, drawn = f"fig-peers-{kind}-{family}", partial(draw, rows)
                items.append(
                    writer.figure(name, FIGURES[kind, family], rows, drawn, sizes=tuple(SIZES))
                )
    entries = [item.entry() for item in items]
    index = {"run": run, "provenance": origin, "items": entries}
    extra = [
        write_text(folder / "captions.md", _captions(items, source)),
        write_text(folder / "references.bib", bibliography(run, origin, entries)),
        write_json(folder / "index.json", index),
    ]
    return [*extra, *(folder / file for item in items for file in item.files)]


_GAP = ["family", "contender", "network", "n", "kind", "reason"]


def overall_table(overall: pd.DataFrame) -> pd.DataFrame:
    """Write ours ÷ theirs over all sizes for readers."""
    rows = [
        {
            "Ours": contender_style(row["ours"]).label,
            "Theirs": contender_style(row["theirs"]).label,
            "Sizes": fmt.count(row["sizes"]),
            "Ours ÷ theirs, geometric mean": fmt.interval(
                row["geometric_mean"], row["low"], row["high"]
            ),
            "At worst": f"{fmt.significant(row['worst'])} ({row['worst_network']})",
        }
        for row in overall.to_dict("records")
    ]
    return pd.DataFrame(rows)


def times_table(times: pd.DataFrame) -> pd.DataFrame:
    """Write every contender's time for readers, gaps in their places."""
    rows = [
        {
            "Network": row["network"],
            "n": fmt.count(row["n"]),
            "Method": contender_style(row["contender"]).label,
            "Gradient": fmt.time_interval(*(row[f"time_{end}"] for end in frames.ENDS)),
            "÷ loss": fmt.interval(*(row[f"per_loss_{end}"] for end in frames.ENDS)),
            "Prepare": fmt.time(row["preparation"]),
            "Passes": fmt.count(row["forward_passes"]),
            "Error": fmt.error(row["error"]),
            "Threads": fmt.NONE if fmt.missing(row["threads"]) else f"{row['threads']:.2f}",
            "Rounds": fmt.count(row["rounds"]),
            "Note": _note(row),
        }
        for row in times.to_dict("records")
    ]
    return pd.DataFrame(rows)


def ratios_table(ratios: pd.DataFrame) -> pd.DataFrame:
    """Write ours ÷ theirs for readers: a row per network and peer."""
    rows = [
        {
            "Network": row["network"],
            "n": fmt.count(row["n"]),
            "Ours": contender_style(row["ours"]).label,
            "Theirs": contender_style(row["theirs"]).label,
            "Ours ÷ theirs": fmt.interval(row["median"], row["low"], row["high"]),
            "Of the fastest rounds": fmt.significant(row["of_minima"]),
            "Rounds": fmt.count(row["rounds"]),
        }
        for row in ratios.to_dict("records")
    ]
    return pd.DataFrame(rows)


def gaps_table(gaps: pd.DataFrame) -> pd.DataFrame:
    """Write the gaps for readers, reasons in full."""
    rows = [
        {
            "Network": row["network"],
            "n": fmt.count(row["n"]),
            "Method": contender_style(row["contender"]).label,
            "Kind": fmt.STOPS.get(row["kind"], row["kind"]),
            "Reason": row["reason"],
        }
        for row in gaps.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _main(ratios: pd.DataFrame) -> pd.DataFrame:
    """Keep the provider of the headline."""
    return ratios[ratios["ours"] == ratios["ours"].iloc[0]] if len(ratios) else ratios


def _note(row: dict[Any, Any]) -> str:
    if row["outcome"] == "gap":
        return str(fmt.STOPS.get(row["kind"], row["kind"]))
    return "" if fmt.missing(row["components"]) else f"{int(row['components'])} components"


def _captions(items: list[Item], source: str) -> str:
    parts = [f"# Captions\n\n{source}\n"]
    parts += [f"## {item.id}\n\n**{item.caption.title}.** {item.caption.text}\n" for item in items]
    return "\n".join(parts)
