"""Figures: the same bytes each time, legible, and drawn from whatever there is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import gradmethods as gm
from gradmethods.comparison.plane import accuracy_cost_plane
from gradmethods.errors import InvalidOption
from gradmethods.output import figures
from gradmethods.output.caption import Caption
from gradmethods.output.figures import SIZES, new_figure, save
from gradmethods.output.items import Drawing, Pace, Writer
from gradmethods.providers.forms import FORMS
from gradmethods.providers.registry import style_of
from gradmethods.providers.schemes import NAMES
from gradmethods.report import cost_frames as frames
from gradmethods.report import growth_figure as plots
from gradmethods.report.exhibits.fig_growth import GROWTHS, OPERATIONS, PREPARATION, RATIO
from gradmethods.timing.cases import Case
from gradmethods.timing.sweeps import SWEEPS
from tests.report_records import gap, record, some_records
from tests.samples import sampled

QUANTITIES = tuple(each.quantity for each in GROWTHS.values())


@pytest.mark.medium
def test_the_same_records_write_the_same_bytes(tmp_path):
    """If bytes changed, nobody could tell a new result from a new run of the program."""
    costs = frames.costs_frame(some_records())
    slopes = frames.slopes_frame(costs)
    for kind in ("svg", "pdf", "png"):
        written = []
        for name in ("a", "b"):
            figure = plots.growth(costs, slopes, "width", RATIO)
            path = save(figure, tmp_path / name / f"f.{kind}", title="t", caption="c")
            written.append(path.read_bytes())
        assert written[0] == written[1]
        assert b"CreationDate" not in written[0]
        assert b"<dc:date>" not in written[0]


def test_methods_are_told_apart_without_colour():
    """If two looked alike, a figure printed in grey could not be read."""
    ours: list[gm.Provider] = [gm.Backprop(), *map(gm.Analytical, FORMS), *map(gm.Numerical, NAMES)]
    shapes = [(style_of(p).marker, str(style_of(p).line)) for p in ours]
    assert len(set(shapes)) == len(shapes)
    assert style_of("mine") == style_of("mine")
    assert style_of("mine").label == "mine"


def test_an_unknown_format_is_refused(tmp_path):
    """If it were not, a typo would surface as an error of matplotlib."""
    with pytest.raises(InvalidOption, match="svg, pdf, png"):
        save(figures.new_figure(1, 1), tmp_path / "figure.jpg")


def test_a_comparison_is_drawn(tmp_path):
    """If zeros or missing times stopped it, `gradmethods compare --plot` would fail."""
    table = pd.DataFrame(
        {"gradient_s": [1e-5, 1e-3, np.nan], "error": [0.0, 1e-9, np.nan]},
        index=["backprop", "numerical", "analytical"],
    )
    axes = accuracy_cost_plane("sum, n = 3", table)
    assert {line.get_label() for line in axes.lines} >= {"backprop", "numerical, central"}
    assert save(axes.figure, tmp_path / "plane.svg").stat().st_size > 1000


@pytest.mark.medium
@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.column)
@pytest.mark.parametrize("size", sampled(figures.SIZES, kept=["wide"]))
@pytest.mark.parametrize("sweep", sampled(SWEEPS, kept=["width", "batch", "rosenbrock"]))
def test_a_single_size_is_drawn(tmp_path, sweep, size, quantity):
    """If axes had no width, matplotlib would warn and the figure would be empty."""
    one, two = SWEEPS[sweep].scales[:2]
    cases = [Case(sweep, name, one) for name in ("backprop", "numerical")]
    entries = [record(case, 3.0, error=1e-12) for case in cases]
    costs = frames.costs_frame([*entries, gap(Case(sweep, "numerical", two))])
    figure = plots.growth(costs, frames.slopes_frame(costs), sweep, quantity, size)
    save(figure, tmp_path / "f.svg")
    left, right = figure.axes[0].get_xlim()
    bottom, top = figure.axes[0].get_ylim()
    assert left < 0.7 * cases[0].size < 1.4 * cases[0].size < right
    assert figure.axes[0].get_xlabel().endswith(f" {SWEEPS[sweep].grows}")
    assert top > 2 * bottom


def test_circles_have_a_name_where_there_are_any():
    """A word beside each hid the next where methods stop together; without one nobody knew why."""
    costs = frames.costs_frame(some_records())
    slopes = frames.slopes_frame(costs)
    for quantity in QUANTITIES:
        axes = plots.growth(costs, slopes, "width", quantity).axes[0]
        circles = [x for x in axes.lines if x.get_markersize() == 8 and np.size(x.get_xdata())]
        assert len(circles) == (quantity is not OPERATIONS)  # of backprop alone
        named = plots.CIRCLE in axes.get_legend_handles_labels()[1]
        assert named == bool(circles)


def test_short_ranges_have_plain_ticks():
    """If labels of decades filled a short axis, they would run into each other."""
    costs = frames.costs_frame([record(Case("depth", "backprop", s), 3.0) for s in (1, 2, 4, 8)])
    figure = plots.growth(costs, frames.slopes_frame(costs), "depth", PREPARATION)
    figure.draw_without_rendering()
    axis = figure.axes[0].xaxis
    labels = [tick.get_text() for tick in axis.get_ticklabels()]
    assert {"50", "100", "200", "500"} <= set(labels)
    assert not any(tick.get_text() for tick in axis.get_ticklabels(minor=True))


def test_a_report_out_of_time_has_every_figure_once(tmp_path):
    """A page needs one file of each figure: where time is short the others wait for `report`."""
    caption = Caption("A title", "A text.", ())

    def draw(size):
        figure = new_figure(*SIZES[size])
        figure.subplots()
        return figure

    drawing = Drawing("fig-a", caption, pd.DataFrame({"x": [1]}), draw, ("wide", "column"))
    hurried = Pace(lambda: 0.0, ahead=2)
    whole = Writer(tmp_path, "").write(drawing)
    short = Writer(tmp_path, "", hurried).write(drawing)
    found = [path.name for path in sorted((tmp_path / "figures").iterdir())]
    assert found == ["fig-a.csv", "fig-a.svg"]
    assert [f"figures/{name}" for name in found] == short.files
    assert len(whole.files) == 5
    assert hurried.without == 1
