"""Tables as CSV for machines, Markdown for the web and LaTeX for papers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from tabulate import tabulate

from gradmethods.report import format as fmt
from gradmethods.report.captions import Caption
from gradmethods.report.files import write_text
from gradmethods.report.style import look

QUANTITIES = {
    "gradient_s": "time per gradient",
    "ratio": "gradient ÷ loss",
    "preparation_s": "preparation",
}

_TEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "÷": r"$\div$", "×": r"$\times$", "µ": r"$\mu$", "²": r"$^2$", "≤": r"$\le$", "≥": r"$\ge$",
    "∝": r"$\propto$", "−": r"$-$", "–": "--", "…": r"\dots{}", "“": "``", "”": "''",
    "∞": r"$\infty$", "ε": r"$\varepsilon$",
}  # fmt: skip


def costs_table(costs: pd.DataFrame) -> pd.DataFrame:
    """Write the costs for readers, gaps in their places."""
    rows = []
    for row in costs.to_dict("records"):
        gap = row["outcome"] == "gap"
        rows.append(
            {
                "Sweep": row["sweep"],
                "Method": look(row["provider"]).label,
                "Network": row["network"],
                "n": fmt.count(row["n"]),
                "Gradient": fmt.time_interval(
                    row["gradient_s"], row["gradient_low_s"], row["gradient_high_s"]
                ),
                "÷ loss": fmt.interval(row["ratio"], row["ratio_low"], row["ratio_high"]),
                "Prepare": fmt.time(row["preparation_s"]),
                "Loss calls": fmt.count(row["loss_calls_counted"]),
                "Operations": fmt.count(row["operations"]),
                "Error": fmt.error(row["error"]),
                "Note": f"{fmt.STOPS.get(row['gap'], row['gap'])}" if gap else "",
            }
        )
    return pd.DataFrame(rows)


def slopes_table(slopes: pd.DataFrame) -> pd.DataFrame:
    """Write the fitted exponents for readers."""
    rows = []
    for row in slopes.to_dict("records"):
        inside = row["theory_inside"]
        rows.append(
            {
                "Sweep": row["sweep"],
                "Method": look(row["provider"]).label,
                "Quantity": QUANTITIES[row["quantity"]],
                "Exponent": fmt.exponent(row["exponent"], row["low"], row["high"]),
                "Theory": fmt.NONE if fmt.missing(row["theory"]) else f"{row['theory']:g}",
                "Interval holds theory": fmt.NONE
                if fmt.missing(inside)
                else "yes"
                if inside
                else "no",
                "Fitted n": fmt.NONE
                if fmt.missing(row["from_n"])
                else f"{fmt.count(row['from_n'])} – {fmt.count(row['to_n'])}",
                "Points": fmt.count(row["points"]),
                "Settled": _settled(row["settled"]),
            }
        )
    return pd.DataFrame(rows)


def _settled(value: object) -> str:
    return "too few sizes" if fmt.missing(value) else "yes" if value else "no"


def accuracy_table(accuracy: pd.DataFrame) -> pd.DataFrame:
    """Write the accuracy report for readers."""
    rows = [
        {
            "Problem": row["problem"],
            "Provider": row["provider"],
            "n": fmt.count(row["n"]),
            "Error": fmt.error(row["error"]),
            "Worst component": fmt.error(row["worst_component"]),
            "Passes": fmt.count(row["forward_passes"]),
            "Verdict": row["verdict"],
            "Reference": row["reference"] if isinstance(row["reference"], str) else "",
            "Obstacle": fmt.shortened(row["obstacle"]) if row["obstacle"] else "",
        }
        for row in accuracy.to_dict("records")
    ]
    return pd.DataFrame(rows)


def gaps_table(gaps: pd.DataFrame) -> pd.DataFrame:
    """Write the gaps for readers, reasons in full."""
    rows = [
        {
            "Sweep": row["sweep"],
            "Method": look(row["provider"]).label,
            "Network": row["network"],
            "n": fmt.count(row["n"]),
            "Kind": fmt.STOPS.get(row["gap"], row["gap"]),
            "Reason": row["reason"],
        }
        for row in gaps.to_dict("records")
    ]
    return pd.DataFrame(rows)


def noise_table(noise: pd.DataFrame) -> pd.DataFrame:
    """Write the A/A runs for readers."""
    rows = [
        {
            "Network": row["network"],
            "n": fmt.count(row["n"]),
            "Loss": fmt.time(row["loss_s"]),
            "Loss ÷ loss": "{:.3f} [{:.3f}, {:.3f}]".format(
                *(row[name] or float("nan") for name in ("ratio", "ratio_low", "ratio_high"))
            ),
            "Rounds": fmt.count(row["rounds"]),
        }
        for row in noise.to_dict("records")
    ]
    return pd.DataFrame(rows)


def write_table(
    folder: Path, name: str, data: pd.DataFrame, shown: pd.DataFrame, caption: Caption, source: str
) -> list[Path]:
    """Write a table in three formats.

    Parameters
    ----------
    folder : pathlib.Path
        Where to.
    name : str
        Identifier and file name.
    data : pandas.DataFrame
        Full precision, for the CSV.
    shown : pandas.DataFrame
        Rounded strings, for readers.
    caption : Caption
        What it shows and how it was obtained.
    source : str
        Provenance in a sentence.
    """
    return [
        write_text(folder / f"{name}.csv", data.to_csv(index=False, lineterminator="\n")),
        write_text(folder / f"{name}.md", _markdown(shown, caption, source)),
        write_text(folder / f"{name}.tex", _latex(name, shown, caption, source)),
    ]


def _markdown(shown: pd.DataFrame, caption: Caption, source: str) -> str:
    cells: Any = [[str(cell).replace("|", r"\|") for cell in row] for row in shown.to_numpy()]
    body = tabulate(cells, list(shown.columns), tablefmt="github", disable_numparse=True)
    return f"**{caption.title}.** {caption.text}\n\n{body or 'None.'}\n\n_{source}_\n"


def _latex(name: str, shown: pd.DataFrame, caption: Caption, source: str) -> str:
    escaped = shown.map(lambda cell: tex(str(cell))).rename(columns=tex)
    # Sentences get a paragraph column; all else stands as wide as it is.
    wide = {"Reason": "p{7cm}", "Obstacle": "p{5cm}"}
    columns = "".join(wide.get(column, "l") for column in shown.columns)
    body = escaped.style.hide(axis="index").to_latex(
        environment="longtable",
        hrules=True,
        column_format=columns or "l",
        label=name,
        caption=tex(f"{caption.title}. {caption.text}"),
    )
    return f"% Needs \\usepackage{{booktabs,longtable}}.\n% {source}\n{body}"


def tex(text: str) -> str:
    r"""Escape a text for LaTeX, with commands for the signs that older engines lack.

    Examples
    --------
    >>> tex("gradient ÷ loss, 95 %")
    'gradient $\\div$ loss, 95 \\%'
    """
    return "".join(_TEX.get(character, character) for character in text)
