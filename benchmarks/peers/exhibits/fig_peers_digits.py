"""Who is right, and to how many digits: problems, hard cases and planted mistakes × packages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from benchmarks.peers.cases import style as contender_style
from benchmarks.peers.digits import RIGHT_ONES, checker_of, condensed, plants_frame
from benchmarks.peers.recorded import Compared
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
CELL = {"wide": (0.40, 0.14), "column": (0.176, 0.122)}
"""Inches, by size."""
LETTERS = {"wide": 6.5, "column": 4.8}
MARGIN = {"wide": 1.6, "column": 1.15}
HEADER = {"wide": 1.3, "column": 0.95}


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
    places = _places([*blocks, kinds])
    width, height = CELL[size]
    rows = max(places.values()) + 1
    figure = new_figure(MARGIN[size] + width * len(methods), HEADER[size] + height * rows)
    with mpl.rc_context(RC | {"font.size": LETTERS[size]}):
        axes = figure.subplots()
        for row in frame.to_dict("records"):
            _cell(axes, methods.index(row["provider"]), places[row["problem"]], _face(row))
        counted = {(row["kind"], row["checker"]): row for row in planted.to_dict("records")}
        for column, method in enumerate(methods):
            for kind in kinds:
                found = counted.get((kind, checker_of(method)))
                if found:
                    _cell(axes, column, places[kind], _share(found))
        _label(axes, methods, places, kinds, size)
        figure.legend(
            handles=[
                Patch(facecolor=fill, edgecolor="black", linestyle=frame, label=label)
                if frame != "none"
                else Patch(facecolor=fill, label=label)
                for fill, frame, label in LEGEND
            ],
            loc="outside lower center", ncols=4, handlelength=1.3, fontsize=LETTERS[size] + 0.5,
            columnspacing=1.0,
        )  # fmt: skip
    return figure


def _places(blocks: list[list[str]]) -> dict[str, float]:
    """Return where rows stand: one below the other, and a gap between blocks."""
    places: dict[str, float] = {}
    start = 0.0
    for block in blocks:
        places |= {name: start + i for i, name in enumerate(block)}
        start += len(block) + 0.6
    return places


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


def _label(
    axes: Any, methods: list[str], places: Mapping[str, float], kinds: list[str], size: str
) -> None:
    names = [contender_style(name).label for name in methods]
    # Of other packages their name, without the function or the option.
    shown = [label.split()[0].strip(",") if name in PEERS else label for name, label in
             zip(methods, names, strict=True)]  # fmt: skip
    axes.set_xticks(range(len(methods)), shown, rotation=90)
    axes.set_yticks(
        list(places.values()), [f"changed by {n}" if n in kinds[:-1] else n for n in places]
    )
    axes.tick_params(
        length=0, labeltop=True, labelbottom=False, labelsize=LETTERS[size] + 0.4, pad=1.5
    )
    ours = sum(name not in PEERS for name in methods)
    axes.axvline(ours - 0.5, color="black", linewidth=0.8)
    axes.set(xlim=(-0.52, len(methods) - 0.48), ylim=(max(places.values()) + 0.52, -0.52))
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def make(run: Compared) -> Iterator[Drawing]:
    """Yield the figure, if digits were counted."""
    frame, planted = run.digits, plants_frame(run.planted)
    if len(frame):
        yield Drawing(
            "fig-peers-digits", CAPTION, frame, partial(draw, frame, planted), ("wide", "column")
        )


EXHIBIT = Exhibit("figures", 5, ACCURACY, make)
