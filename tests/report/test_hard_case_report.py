"""The gallery in tables, in its picture and on the command line."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.app.locate import find_problem
from gradmethods.output.caption import Caption
from gradmethods.output.files import read_json, write_json
from gradmethods.output.typeset import write_table
from gradmethods.problems import hard
from gradmethods.report.accuracy_frames import hard_cases_frame
from gradmethods.report.exhibits import fig_hard_cases, tab_hard_cases
from gradmethods.report.exhibits.fig_hard_cases import plot_hard_cases
from gradmethods.report.exhibits.tab_hard_cases import hard_cases_table
from gradmethods.studies.accuracy import hard_cases, reasons
from gradmethods.studies.accuracy.survey import VARIANTS
from gradmethods.studies.accuracy.tolerances import tolerance
from tests.hard_truths import measured

GREY = (0.8, 0.8, 0.8)


@pytest.fixture(scope="module")
def rows():
    return measured()


@pytest.fixture(scope="module")
def frame(rows):
    return hard_cases_frame(recorded(rows))


def recorded(rows):
    """Return rows as they stand in the records of a run."""
    return [{"kind": "gallery", "rows": rows}]


def drawn(frame):
    return plot_hard_cases(frame).axes[0].texts


def test_a_refusal_is_a_row_with_its_reason(monkeypatch):
    """If it were left out, a method that cannot do it would look as if nobody had asked."""
    monkeypatch.setattr(hard.kinks, "norm", lambda x, xp=np: np.sqrt(xp.sum(x**2)))
    (row,) = hard_cases.hard_case_rows(["norm-at-origin"], ["numerical:complex-step"])
    assert row["outcome"] == "refused"
    assert row["refusal"]
    assert not row["expected"]
    table = hard_cases_table(hard_cases_frame(recorded([row])))
    assert table["Why"].item().startswith("Unexpected. ")
    assert "refused" in {text.get_text() for text in drawn(hard_cases_frame(recorded([row])))}


@pytest.mark.medium
def test_what_goes_through_json_comes_back(rows, frame, tmp_path):
    """The report reads rows from a file: infinities and NaN must survive it."""
    again = hard_cases_frame(recorded(read_json(write_json(tmp_path / "rows.json", rows))))
    assert hard_cases_table(again).equals(hard_cases_table(frame))
    assert (again["error"] == math.inf).sum() == (frame["error"] == math.inf).sum() > 0


@pytest.mark.medium
def test_the_table_explains_every_cell(frame, tmp_path):
    """A reader must find each method of each case, once, with its reason."""
    table = hard_cases_table(frame)
    assert list(dict.fromkeys(table["Case"])) == hard.names()
    plain = table["Outcome"].str.replace(", marked", "").str.replace(r", \d.*", "", regex=True)
    told = len({*zip(table["Case"], plain, table["Why"], strict=True)})
    assert told == sum(map(len, reasons.REASONS.values()))
    assert not table["Why"].str.startswith("Unexpected").any()
    assert "all" in set(table["Methods"])
    caption = tab_hard_cases.CAPTION
    _, _, latex = write_table(tmp_path, "tab-hard-cases", frame, table, caption, "Here.")
    body = [x for x in latex.read_text(encoding="utf-8").splitlines() if not x.startswith("%")]
    assert "".join(body).isascii(), {c for c in "".join(body) if not c.isascii()}


@pytest.mark.medium
def test_the_picture_shows_every_cell(frame):
    """A cell that is missing, or hidden, would look like a success."""
    words = [text.get_text() for text in drawn(frame)]
    assert len(words) == len(frame) + len(hard.names())
    assert words.count("NaN") == (frame["outcome"] == "not finite").sum()
    bad = ~frame["outcome"].isin(["right", "inaccurate", "not finite", "refused"])
    grey = [p for p in plot_hard_cases(frame).axes[0].patches if p.get_facecolor()[:3] == GREY]
    assert len(grey) == (bad & (frame["marked"] > 0)).sum() > 0
    assert words.count("none") == frame.loc[frame["certified_digits"].isna(), "case"].nunique()
    figure = plot_hard_cases(frame)
    figure.draw_without_rendering()
    for box in (figure.legends[0].get_window_extent(), figure.axes[0].get_tightbbox()):
        assert box is not None
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
    assert all(isinstance(e.CAPTION, Caption) for e in (fig_hard_cases, tab_hard_cases))


@pytest.mark.parametrize("name", hard.names())
def test_a_hard_case_is_named_like_a_problem(name, capsys):
    """If only the library knew them, nobody could look at one from the command line."""
    assert find_problem(name).name == name
    assert main(["problems", name]) == 0
    out = capsys.readouterr().out
    assert "\\" not in out
    for word in ("formula: ", "domain: ", "hard: ", "source: "):
        assert word in out
    with pytest.raises(gm.GradientError, match="no options"):
        find_problem(name, ["n=2"])


def test_hard_cases_are_listed_apart(capsys):
    """If they were in the catalogue, its claim that methods agree would be void."""
    assert main(["problems", "--hard"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in hard.names())
    assert not set(hard.names()) & set(gm.problems.names())
    assert main(["problems", "max-tye"]) == 2
    assert "Did you mean 'max-tie'" in capsys.readouterr().err


@pytest.mark.medium
@pytest.mark.parametrize("name", hard.names())
def test_comparing_a_hard_case_ends_in_a_verdict(name):
    """If a NaN or a kink stopped the comparison, the tool would fail where it is needed most."""
    comparison = gm.compare(hard.get(name), seconds=0)
    assert len(comparison.verdicts) == 4
    assert name in str(comparison)


def test_tolerances_are_below_a_digit():
    """If a method's tolerance were a tenth, nothing could be inaccurate."""
    for variant in VARIANTS:
        assert tolerance(variant, np.dtype(np.float32)) < 0.1
