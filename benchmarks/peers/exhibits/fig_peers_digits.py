"""Who is right, and to how many digits: problems, hard cases and planted mistakes × packages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.textpath import TextPath

from benchmarks.peers.cases import style as contender_style
from benchmarks.peers.digits import RIGHT_ONES, checker_of, condensed, plants_frame
from benchmarks.peers.results import Compared
from gradmethods.output.caption import Caption
from gradmethods.output.figures import new_figure
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Drawing
from gradmethods.output.style import RC
from gradmethods.providers.peers import PEERS
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.exhibits.tab_hard_cases import DIGITAL
from gradmethods.report.sentences import HARD_TRUTH
from gradmethods.studies.accuracy.hard_cases import NOT_FINITE, NUMBER, REFUSED

CAPTION = Caption(
    "Who is right, and to how many digits: ours and other packages",
    "A number in the first two blocks counts the correct digits of the worst parameter array, "
    "against certified truth (float64 holds 16; overflow-float32 is in float32). × a finite answer "
    "without one correct digit; 0 all zero, which the truth is not; ≠0 the truth is zero and the "
    "answer is not; NaN: NaN or infinity; num: an answer where no gradient exists; a dash: none. "
    "In a column, problems that the field compares methods on are one row for each collection: the "
    "fewest digits, with a star where some were refused: by SymPy, symengine and CasADi for want "
    "of a function, or of time; by PyTorch because the loss holds NumPy arrays as constants. "
    "Italics on grey: the method itself marks it as not resolved. Third block: per cent rejected "
    "by the package's checker of gradients, with its documented tolerances, of wrong gradients by "
    "what they change (norm of the change ÷ norm of the array), and of right ones; the darker, the "
    f"more are judged wrongly. {HARD_TRUTH}",
)

FULL = -math.log10(2.0**-53)
"""Digits of float64, with which a cell is white."""


class Face(NamedTuple):
    """How a cell looks."""

    word: str
    fill: str = "white"
    frame: Any = "none"
    slant: str = "normal"


WORDS = {"wrong": "×", "zero": "0", "not zero": "≠0", NOT_FINITE: "NaN", NUMBER: "num"}
BLACK, MARKED, FRAMED, DASHED = "black", "0.8", "solid", (0, (1.5, 1))
LEGEND: tuple[tuple[str, Any, str], ...] = (
    (BLACK, "none", "wrong in silence"),
    (MARKED, "none", "marked"),
    ("white", FRAMED, "NaN, infinity"),
    ("white", DASHED, "no gradient exists"),
)
WIDTH = {"wide": 7.0, "column": 3.5}
"""Inches, by size."""
LARGEST = 7.0
"""Points: letters are the largest that leave every label and cell its place, up to this."""
PAD, ROW, GAP = 0.45, 1.5, 1.4
"""Room beside a word, height of a row (× letters), and rows between blocks, for their titles."""
TITLES = (
    "Problems: correct digits",
    "Hard cases: correct digits",
    "Gradients rejected, in %: wrong ones by the change",
)


class Layout(NamedTuple):
    """Letters in points, and what stands around the cells in inches, from the extents of words."""

    letters: float
    left: float
    top: float
    bottom: float
    height: float

    @property
    def size(self) -> float:
        """Height of the whole figure."""
        return self.top + self.height + self.bottom


def layout(
    size: str, columns: list[str], rows: list[str], words: Iterable[str], places: float
) -> Layout:
    """Find the place of every label before anything is drawn, so that none is cut off.

    Parameters
    ----------
    size : {"wide", "column"}
        Whose width is to be filled.
    columns, rows, words : sequence of str
        Names of columns, written upwards, names of rows, and what stands in cells.
    places : float
        Height of all cells, in rows.
    """
    # In letters: all extents grow in proportion with them.
    left = _extent(rows) + 2 * PAD
    across = left + len(columns) * (_extent(words) + PAD) + PAD
    letters = min(LARGEST, 72 * WIDTH[size] / across)
    inch = letters / 72
    return Layout(
        letters, left * inch, (_extent(columns) + 2 * PAD + GAP * ROW) * inch, 2.2 * ROW * inch,
        places * ROW * inch,
    )  # fmt: skip


def _extent(words: Iterable[str]) -> float:
    """Return the width of the widest word ÷ the size of letters."""
    return max(float(TextPath((0, 0), word, size=1).get_extents().x1) for word in words)


def draw(frame: pd.DataFrame, planted: pd.DataFrame, size: str = "wide") -> Figure:
    """Draw what each method gave as a matrix, in grey.

    Parameters
    ----------
    frame, planted : pandas.DataFrame
        From `benchmarks.peers.digits`.
    size : {"wide", "column"}, default "wide"
        A page, or a column of a two-column page.
    """
    frame = condensed(frame) if size == "column" else frame.assign(refused=0)
    methods = list(dict.fromkeys(frame["provider"]))
    blocks = [list(group["problem"].unique()) for _, group in frame.groupby("block", sort=False)]
    kinds = list(planted["kind"].unique())
    places, titles = _places([*blocks, kinds])
    faces = [
        (methods.index(row["provider"]), places[row["problem"]], _face(row))
        for row in frame.to_dict("records")
    ]
    counted = {(row["kind"], row["checker"]): row for row in planted.to_dict("records")}
    for column, method in enumerate(methods):
        found = [counted.get((kind, checker_of(method))) for kind in kinds]
        faces += [(column, places[row["kind"]], _share(row)) for row in found if row]
    # Of other packages their name, without the function or the option.
    labels = {name: contender_style(name).label for name in methods}
    columns = [
        label.split()[0].strip(",") if name in PEERS else label for name, label in labels.items()
    ]
    end = max(places.values()) + 1
    with mpl.rc_context(RC):
        room = layout(size, columns, list(places), {face.word for _, _, face in faces}, end)
        width = WIDTH[size]
        figure = new_figure(width, room.size)
        figure.set_layout_engine("none")
        right = PAD * room.letters / 72
        axes = figure.add_axes((
            room.left / width, room.bottom / room.size,
            (width - room.left - right) / width, room.height / room.size,
        ))  # fmt: skip
        mpl.rcParams["font.size"] = room.letters
        for x, y, face in faces:
            _cell(axes, x, y, face)
        _label(axes, columns, places, room.letters)
        for y, title in zip(titles, TITLES, strict=False):
            axes.text(-0.5, y, title, ha="left", va="center_baseline", weight="bold")
        _divide(axes, sum(name not in PEERS for name in methods) - 0.5, blocks, kinds, places)
        figure.legend(
            handles=[
                Patch(facecolor=fill, edgecolor="black", linestyle=frame, label=label)
                if frame != "none"
                else Patch(facecolor=fill, label=label)
                for fill, frame, label in LEGEND
            ],
            loc="lower center", ncols=4, handlelength=1.3, fontsize=room.letters,
            columnspacing=1.0, borderaxespad=PAD,
        )  # fmt: skip
    return figure


def _places(blocks: list[list[str]]) -> tuple[dict[str, float], list[float]]:
    """Return where rows stand, one below the other, and where the titles of blocks do."""
    places: dict[str, float] = {}
    titles, start = [], 0.0
    for block in filter(None, blocks):
        titles.append(start - 0.5 - GAP / 2 + 0.1)
        places |= {name: start + i for i, name in enumerate(block)}
        start += len(block) + GAP
    return places, titles


def _face(row: Mapping[str, Any]) -> Face:
    """Choose the look of an answer: the greyer a number, the fewer digits."""
    outcome = row["outcome"]
    if outcome == REFUSED:
        return Face("–")
    if outcome in DIGITAL:
        digits = min(FULL, row["digits"])
        more = "*" if row["refused"] else ""
        return Face(f"{digits:.0f}{more}", f"{1 - 0.55 * (1 - digits / FULL):.3f}")
    frame: Any = FRAMED if outcome == NOT_FINITE else DASHED if outcome == NUMBER else "none"
    if row["marked"]:
        return Face(WORDS[outcome], MARKED, frame, "italic")
    return Face(WORDS[outcome], BLACK if frame == "none" else "white", frame)


def _share(row: Mapping[str, Any]) -> Face:
    """Choose the look of a share of gradients that was rejected: dark is a failure."""
    share = row["rejected"] / row["given"]
    failed = share if row["kind"] == RIGHT_ONES else 1 - share
    per_cent = 100 * share
    word = "<1" if 0 < per_cent < 1 else ">99" if 99 < per_cent < 100 else f"{per_cent:.0f}"
    return Face(word, f"{1 - failed:.3f}")


def _cell(axes: Any, x: int, y: float, face: Face) -> None:
    shade = float(mpl.colors.to_rgb(face.fill)[0])
    axes.add_patch(
        Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=face.fill, edgecolor="0.75", linewidth=0.3)
    )
    if face.frame != "none":
        inner = Rectangle((x - 0.46, y - 0.42), 0.92, 0.84, fill=False, linewidth=0.5)
        inner.set_linestyle(face.frame)
        axes.add_patch(inner)
    axes.text(
        x, y, face.word, ha="center", va="center_baseline", style=face.slant,
        color="white" if shade < 0.5 else "black",
    )  # fmt: skip


def _label(axes: Any, columns: list[str], places: Mapping[str, float], letters: float) -> None:
    """Name rows and columns, the columns above the first block's title."""
    axes.set_xticks(range(len(columns)), columns, rotation=90)
    axes.set_yticks(list(places.values()), list(places))
    axes.tick_params(length=0, labeltop=True, labelbottom=False, labelsize=letters)
    axes.tick_params(axis="y", pad=PAD * letters)
    axes.tick_params(axis="x", pad=(GAP * ROW + PAD) * letters)
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(max(places.values()) + 0.5, -0.5))
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _divide(
    axes: Any, x: float, blocks: list[list[str]], kinds: list[str], places: Mapping[str, float]
) -> None:
    """Draw a line between ours and other packages, through each block."""
    for block in filter(None, [*blocks, kinds]):
        ends = (places[block[0]] - 0.5, places[block[-1]] + 0.5)
        axes.plot((x, x), ends, color="black", linewidth=0.8, clip_on=False)


def make(run: Compared) -> Iterator[Drawing]:
    """Yield the figure, if digits were counted."""
    frame, planted = run.digits, plants_frame(run.planted)
    if len(frame):
        yield Drawing(
            "fig-peers-digits", CAPTION, frame, partial(draw, frame, planted), ("wide", "column")
        )


EXHIBIT = Exhibit("figures", 5, ACCURACY, make)
