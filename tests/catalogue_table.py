"""The table of problems × providers: what each gives on every problem, and why where it does not.

`python -m tests.catalogue_table` writes `docs/catalogue.md`, in about half a minute; the tests hold
the page against what providers do. What problems and providers there are, the package says.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import gradmethods as gm
from gradmethods import problems
from gradmethods.problems import FAMILIES, FIELD
from gradmethods.providers.attempt import OBSTACLE
from gradmethods.providers.registry import traits
from gradmethods.studies.accuracy.subject import Subject
from gradmethods.studies.accuracy.survey import VARIANTS, gradient_record, reference_record
from gradmethods.truth.verdict import RIGHT, UNDECIDED, WRONG

PATH = Path(__file__).parents[1] / "docs/catalogue.md"
MARKS = {RIGHT: "", UNDECIDED: "?", WRONG: "✗", OBSTACLE: "–"}
"""How a cell begins; its digits follow, where there is a gradient."""

HEAD = f"""# The catalogue: every problem by every method

Written by `python -m tests.catalogue_table`. Each gradient, at the problem's test size and at a
point that its seed decides, is held against the certified one. A number is the correct digits,
relative to the norm of the whole gradient. `{MARKS[UNDECIDED]}` is not decided, as rounding may
change an entry by more than a hundredth of itself; `{MARKS[WRONG]}` is wrong, `{MARKS[OBSTACLE]}`
no gradient: reasons stand below the table. The last column has the digits of the certificate.
`gradmethods problems NAME` says what a problem is, what makes it hard, and where it comes from.

"""


def subject(name: str) -> Subject:
    """Return a problem at its test size."""
    family = problems.describe(name)
    return Subject(family.build(**family.small))


def cell(about: Subject, provider: str) -> tuple[str, str]:
    """Return what is written of a provider on a problem, and the reason if it is not right."""
    record = gradient_record(about, gm.get_provider(provider))
    digits = f"{int(record['arrays'][-1]['digits'])}" if record["arrays"] else ""
    return MARKS[record["verdict"]] + digits, brief(record["reason"] or "")


def brief(reason: str) -> str:
    """Return the first sentence of a reason, without the names that the table has."""
    first = re.split(r"(?<=[.])\s", reason)[0].rstrip(".")
    return re.sub(r"the loss '[^']*'", "the loss", first)


def rows() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the name of each problem, and its cells."""
    for name in (*FAMILIES, *FIELD):
        about = subject(name)
        certified = (f"{int(reference_record(about)['digits'])}", "")
        yield name, [*(cell(about, provider) for provider in VARIANTS), certified]


def written(found: Iterable[tuple[str, list[tuple[str, str]]]]) -> Iterator[str]:
    """Yield the lines of the page."""
    labels = [*(traits(name).label for name in VARIANTS), "certificate"]
    yield HEAD.rstrip("\n")
    yield ""
    yield f"| problem | n | {' | '.join(labels)} |"
    yield "|---" * (len(labels) + 2) + "|"
    reasons: dict[str, list[str]] = defaultdict(list)
    count = 0
    for name, cells in found:
        size = subject(name).problem.size
        yield f"| {name} | {size} | {' | '.join(text for text, _ in cells)} |"
        count += 1
        for label, (_, reason) in zip(labels, cells, strict=True):
            if reason:
                reasons[reason].append(f"{name}, {label}")
    yield ""
    yield f"{count} problems, {count * len(VARIANTS)} gradients."
    yield ""
    for reason, where in reasons.items():
        yield f"- {'; '.join(where)}: {reason}."


def read(path: Path = PATH) -> dict[str, list[str]]:
    """Return the cells of a page, by problem: of the providers in order, and the certificate's."""
    lines = [line for line in path.read_text().splitlines() if line.startswith("| ")][1:]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: cells for name, _, *cells in table}


def agrees(expected: str, found: str) -> bool:
    """Say whether a cell is as expected: in its outcome, and to within a digit."""
    marks = [text.rstrip("0123456789") for text in (expected, found)]
    digits = [
        int(text[len(mark) :] or 0) for text, mark in zip((expected, found), marks, strict=True)
    ]
    return marks[0] == marks[1] and abs(digits[0] - digits[1]) <= 1


def main() -> None:
    PATH.write_text("\n".join(written(rows())) + "\n")


if __name__ == "__main__":
    main()
