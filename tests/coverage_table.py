"""The table of functions × methods × shapes: each case is run, and held against a certificate.

`python -m tests.coverage_table` runs all of them, some minutes, and writes `docs/functions.md`.
What functions and shapes there are, the cases behind the tests say; nothing here names one.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import gradmethods as gm
from tests.primitive_cases import CASES, by_function

METHODS = {
    "backprop": "backprop",
    "forward": "forward",
    "complex step": "numerical:complex-step",
    "formulas": "analytical",
    "chain rule": "analytical:chain-rule",
}
PATH = Path("docs/functions.md")
TOLERANCE = 1e-12
"""Of a gradient, relative to the largest entry: all of these methods are exact but for rounding."""

HEAD = """# Functions that a loss can use

Written by `python -m tests.coverage_table`, which runs every function on every shape by every
method, and holds each gradient against the certified one, to 12 digits. `12` means that all 12
cases agree. Names without a prefix are functions of `xp` or of `gradmethods.special`; those with
`x.` are methods of arrays.

"""


class Row(NamedTuple):
    """What came of one case: by method, nothing if it agrees, else the reason."""

    function: str
    shapes: str
    found: dict[str, str]


def judged(case: Any) -> Row:
    """Run a case by every method."""
    problem = case.problem()
    shapes = ", ".join(str(shape) for shape in case.shapes)
    try:
        truth = gm.certified_gradient(problem)
    except gm.GradientError as error:
        return Row(case.name, shapes, {"certificate": brief(error)})
    largest = max(
        float(np.max(np.abs(x), initial=0.0))
        for x in problem.structure.check(truth.gradient).values()
    )
    found = {"certificate": ""}
    for column, name in METHODS.items():
        try:
            gradient = gm.get_provider(name).prepare(problem)(problem.params).gradient
        except gm.GradientError as error:
            found[column] = brief(error)
            continue
        worst = max(float(np.max(np.abs(e), initial=0.0)) for e in truth.error(gradient).values())
        found[column] = "" if worst <= TOLERANCE * largest else f"off by {worst:.1e}"
    return Row(case.name, shapes, found)


def brief(error: Exception) -> str:
    """Return the first sentence of a reason, which names the function."""
    return str(error).split(". ")[0].split(": ")[-1]


def written(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of the table, and under it the reasons."""
    columns = ["certificate", *METHODS]
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.function].append(row)
    yield HEAD.rstrip("\n")
    yield ""
    yield f"| function | shapes | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 2) + "|"
    reasons: dict[str, list[str]] = defaultdict(list)
    for name, group in sorted(groups.items()):
        cells = []
        for column in columns:
            wrong = [row.found.get(column, "no certificate") for row in group]
            refused = [text for text in wrong if text]
            agree = len(group) - len(refused)
            cells.append(f"{agree}" if not refused else f"{agree} of {len(group)}")
            for text in dict.fromkeys(refused):
                if name not in reasons[text]:
                    reasons[text].append(name)
        shapes = list(dict.fromkeys(row.shapes for row in group))
        listed = "; ".join(shapes[:4]) + (f"; {len(shapes) - 4} more" if len(shapes) > 4 else "")
        yield f"| `{name.replace('|', chr(92) + '|')}` | {listed} | {' | '.join(cells)} |"
    yield ""
    total = sum(map(len, groups.values()))
    yield f"{len(groups)} functions, {total} cases."
    if reasons:
        yield ""
        yield "Where fewer agree than there are cases:"
        yield ""
        for text, names in reasons.items():
            yield f"- {', '.join(f'`{name}`' for name in names)}: {text}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="take every n-th case of a function")
    parser.add_argument("--out", type=Path, default=PATH)
    options = parser.parse_args()
    cases = [case for group in by_function(CASES).values() for case in group[:: options.every]]
    with multiprocessing.Pool(options.jobs) as pool:
        rows = pool.map(_of_place, [CASES.index(case) for case in cases], chunksize=16)
    options.out.write_text("\n".join(written(rows)) + "\n")


def _of_place(place: int) -> Row:
    return judged(CASES[place])


if __name__ == "__main__":
    main()
