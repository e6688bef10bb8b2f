"""Memory in the report: its table, its figure and how it grows, from records alone."""

from __future__ import annotations

import pytest
from matplotlib.text import Text

from gradmethods.output import format as fmt
from gradmethods.output.files import RECORDS, append_record
from gradmethods.report import cost_frames
from gradmethods.report.exhibits import fig_memory, tab_memory
from gradmethods.report.exhibits.fig_memory import MEMORY
from gradmethods.report.exhibits.tab_memory import memory_table
from gradmethods.report.panel import plotted
from gradmethods.report.recorded import Recorded
from gradmethods.report.report_files import write
from gradmethods.timing.cases import Case
from gradmethods.timing.sweeps import SWEEPS
from tests.report_records import gap, record, write_run

SCALES = (4, 16, 64, 256)


def traced(scale, provider="backprop", **more):
    case = Case("width", provider, scale)
    own = {"preparation_bytes": 2**20, "gradient_bytes": 16 * case.n}
    return record(case, 3.0, **(own | more))


def test_peaks_stand_beside_the_parameters():
    """If multiples were of something else, no reader could tell what a method adds."""
    frame = cost_frames.memory_frame([traced(4), gap(Case("width", "numerical", 4))])
    (row,) = frame.to_dict("records")  # a gap has no memory, and is in the table of gaps
    assert row["parameter_bytes"] == 8 * 37
    assert row["gradient_multiple"] == 2.0
    (shown,) = memory_table(frame).to_dict("records")
    assert shown["Parameters"] == "296 B"
    assert shown["Gradient"] == "592 B (2.00×)"
    assert shown["Preparation"].startswith("1.00 MiB (3,540")


def test_what_was_not_traced_is_a_dash():
    """If it were a number, a table would hold what nobody measured."""
    nothing = {"preparation_bytes": None, "gradient_bytes": None}
    older = record(Case("depth", "new", 1), 2.0)
    frame = cost_frames.memory_frame([traced(4), traced(16, **nothing), older])
    table = memory_table(frame)
    assert list(table["Gradient"])[1:] == [fmt.NONE] * 2
    assert list(table["Preparation"])[1:] == [fmt.NONE] * 2
    assert list(plotted(frame, "width", MEMORY)["n"]) == [37]
    assert "A dash: not traced." in tab_memory.CAPTION.text
    assert not list(fig_memory.make(Recorded([older])))


def test_growth_of_memory_is_fitted_where_sizes_suffice():
    """If it were fitted to three points, or not at all, an exponent would be a guess."""
    frame = cost_frames.memory_frame([traced(scale) for scale in SCALES])
    (row,) = cost_frames.memory_slopes_frame(frame).to_dict("records")
    assert row["exponent"] == pytest.approx(1.0)
    assert row["low"] <= 1.0 + 1e-9
    assert (row["start"], row["end"], row["points"]) == (37, 66817, 4)
    [figure] = fig_memory.make(Recorded([traced(scale) for scale in SCALES]))
    words = [text.get_text() for text in figure.draw("wide").findobj(Text)]
    assert "the parameters, 8n" in words
    assert any("n^{1.00}" in each for each in words)
    few = cost_frames.memory_slopes_frame(
        cost_frames.memory_frame([traced(scale) for scale in SCALES[:3]])
    )
    assert few["exponent"].isna().all()


def test_the_line_of_theory_is_the_parameters_own():
    """If it were another, memory would be held against nothing."""
    frame = cost_frames.memory_frame([traced(scale) for scale in SCALES])
    points = plotted(frame, "width", MEMORY)
    (line,) = MEMORY.theory(points, SWEEPS["width"], (1.0, 1e7))
    assert line.y == pytest.approx(8 * line.x)


@pytest.mark.medium
def test_the_report_holds_memory(tmp_path, undrawn):
    """If it did not, what was traced would stay in the records."""
    write_run(tmp_path)
    for scale in SCALES:
        append_record(tmp_path / RECORDS, traced(scale))
    names = {path.name for path in write(tmp_path)}
    assert {"fig-memory-width.svg", "tab-memory.csv"} <= names
    slopes = (tmp_path / "tables" / "tab-slopes.md").read_text(encoding="utf-8")
    assert "memory of a gradient" in slopes
    assert 'id="fig-memory-width"' in (tmp_path / "report.html").read_text(encoding="utf-8")
