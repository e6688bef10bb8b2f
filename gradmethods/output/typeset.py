"""A table in three formats: CSV for machines, Markdown for the web and LaTeX for papers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
from tabulate import tabulate

from gradmethods.core.naming import printable
from gradmethods.output.caption import Caption
from gradmethods.output.files import csv_text, write_text
from gradmethods.output.latex import latex_table

_ONE = r"[-−]?[\d,.]+(e[-+]?\d+)?"
_NUMBER = re.compile(
    rf"(≥ )?{_ONE}( [–/] {_ONE})?( \[.*\])?( ([mµn]?s|[KMG]i?B|B))?( \({_ONE}×\))?|–|∞"
)

_TAG = re.compile("<(?=[A-Za-z/!?])")
"""What Markdown takes for the beginning of HTML."""


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
        write_text(folder / f"{name}.csv", csv_text(data)),
        write_text(folder / f"{name}.md", _markdown(shown, caption, source)),
        write_text(
            folder / f"{name}.tex", latex_table(name, shown, caption, source, is_numeric=is_numeric)
        ),
    ]


def is_numeric(cells: pd.Series) -> bool:
    """Tell whether most of a column are numbers, with their units and intervals: they end flush.

    Examples
    --------
    >>> is_numeric(pd.Series(["1,185", "–"])), is_numeric(pd.Series(["12.3 [12.1, 12.6] µs"]))
    (True, True)
    >>> (
    ...     is_numeric(pd.Series(["54 (1.04×)"])),
    ...     is_numeric(pd.Series(["7.44 KiB (136×)", "4 / 2e10"])),
    ... )
    (True, True)
    >>> is_numeric(pd.Series(["2-8-8-1"])), is_numeric(pd.Series(["", ""]))
    (False, False)
    """
    words = [str(cell) for cell in cells if str(cell)]
    return 2 * sum(bool(_NUMBER.fullmatch(word)) for word in words) > len(words)


def markdown_table(shown: pd.DataFrame) -> str:
    """Lay out a table of words in Markdown."""
    cells: Any = [[_in_markdown(str(cell)) for cell in row] for row in shown.to_numpy()]
    align = ["right" if is_numeric(shown[column]) else "left" for column in shown]
    body: str = tabulate(
        cells, [_in_markdown(str(column)) for column in shown], tablefmt="github",
        disable_numparse=True, colalign=align if cells else None,
    )  # fmt: skip
    return body


def _markdown(shown: pd.DataFrame, caption: Caption, source: str) -> str:
    text = caption.full.removeprefix(f"{caption.title}. ")
    body = markdown_table(shown)
    return f"**{caption.title}.** {text}\n\n{body or 'None.'}\n\n_{source}_\n"


def _in_markdown(cell: str) -> str:
    """Keep a cell in its cell, and from being HTML."""
    return _TAG.sub("&lt;", printable(cell).replace("|", r"\|"))
