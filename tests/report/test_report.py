"""The report: from records to tables and a page, without measuring anything."""

from __future__ import annotations

import html.parser
import json
import re
import subprocess
from importlib import resources
from pathlib import Path
from xml.dom import minidom  # of our own files

import numpy as np
import pandas as pd
import pytest

import gradmethods as gm
from gradmethods.output import format as fmt
from gradmethods.output.caption import provenance_line
from gradmethods.report import cost_frames as frames
from gradmethods.report import write_report
from gradmethods.report.answer import methods_frame, methods_table, sentences
from gradmethods.report.caveats import caveats
from gradmethods.report.exhibits.tab_costs import costs_table
from gradmethods.report.exhibits.tab_gaps import gaps_table
from gradmethods.report.exhibits.tab_slopes import slopes_table
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import ERRORS, INTERVALS, ROUNDS, SETTING
from gradmethods.report.summary import case_line, summary
from gradmethods.timing import rounds, timing
from gradmethods.timing.cases import Case, grid
from tests.report_records import REASON, draw_svg_alone, gap, record, some_records, write_run

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder with its report, written while measuring anything is an error."""
    out = tmp_path_factory.mktemp("run")
    write_run(out)

    def poison(*args, **kwargs):
        raise AssertionError("the report measured or evaluated something")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timing, "measure", poison)
        patch.setattr(rounds.Rounds, "__init__", poison)
        patch.setattr(gm.Problem, "__init__", poison)
        patch.setattr(subprocess, "run", poison)
        draw_svg_alone(patch)
        write_report(out)
    return out


def test_every_item_of_the_index_is_there(run):
    """If a file or a caption were missing, a figure could not be cited."""
    index = json.loads((run / "index.json").read_text())
    ids = [item["id"] for item in index["items"]]
    assert len(set(ids)) == len(ids)
    assert {"fig-time-width", "fig-ratio-width", "fig-error-width", "tab-costs"} <= set(ids)
    for item in index["items"]:
        assert item["title"]
        assert len(item["text"]) > 50
        assert item["data"].endswith(".csv")
        assert item["data"] in item["files"]
        for file in item["files"]:
            assert (run / file).stat().st_size > 0
    assert index["provenance"]["command"] == "gradmethods bench"
    assert f"gradmethods-{index['run']}" in (run / "references.bib").read_text()


def test_every_figure_can_be_opened(run):
    """Where groups are not closed as they are opened, a viewer shows an error instead."""
    committed = Path(__file__).parents[2] / "results" / "reference"
    figures = [file for folder in (run, committed) for file in folder.rglob("*.svg")]
    assert len(figures) > 50
    for file in figures:
        minidom.parse(str(file))  # noqa: S318  # our own
    page = (run / "report.html").read_text(encoding="utf-8")
    assert len(re.findall(r"<g\b[^>]*(?<!/)>", page)) == page.count("</g>")


def test_tables_hold_the_gaps(run):
    """If gaps were left out, a method that cannot do it would look as if nobody had asked."""
    costs = pd.read_csv(run / "tables" / "tab-costs.csv")
    assert (costs["outcome"] == "gap").sum() == 6
    assert set(costs.loc[costs["outcome"] == "gap", "reason"]) == {
        REASON,
        "A formula that is too large.",
    }
    gaps = pd.read_csv(run / "tables" / "tab-gaps.csv")
    assert len(gaps) == 6  # the data are not folded
    assert REASON in (run / "tables" / "tab-gaps.md").read_text()
    assert "too large" in (run / "tables" / "tab-gaps.tex").read_text()
    assert "time limit" in (run / "tables" / "tab-costs.tex").read_text()


def test_latex_is_escaped(run):
    """If it were not, an author's document would not compile."""
    for path in (run / "tables").glob("*.tex"):
        body = "\n".join(x for x in path.read_text().splitlines() if not x.startswith("%"))
        assert not re.search(r"(?<!\\)[%#]", body)
        assert body.count("{") - body.count(r"\{") == body.count("}") - body.count(r"\}")
        assert body.isascii(), sorted({c for c in body if not c.isascii()})


def test_fitted_exponents_are_those_of_the_records(run):
    """If they were not, the legends would lie."""
    slopes = pd.read_csv(run / "tables" / "tab-slopes.csv").set_index(["provider", "quantity"])
    numerical, backprop = slopes.loc[("numerical", "ratio")], slopes.loc[("backprop", "ratio")]
    assert numerical["exponent"] == pytest.approx(1.0)
    assert numerical["theory"] == 1.0
    assert backprop["exponent"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("value", [None, float("nan"), pd.NA])
def test_what_is_missing_is_a_dash(value):
    """pandas' NA has no truth value: to ask for it in the wrong order stopped the report."""
    assert fmt.missing(value)
    assert fmt.count(value) == fmt.NONE


def test_too_few_sizes_leave_a_row_without_an_exponent():
    """If the row were missing, nobody would know that a method was too short to fit."""
    cases = [Case("width", "numerical", scale) for scale in (1, 2, 4)]
    costs = frames.costs_frame([record(case, 2.0 * case.n) for case in cases])
    slopes = frames.slopes_frame(costs)
    assert slopes["exponent"].isna().all()
    assert set(slopes_table(slopes)["Settled"]) == {"too few sizes"}


def test_an_exponent_needs_a_decade():
    """If it did not, the scatter of a few close sizes would be printed as a law."""
    scales = (4, 5, 6, 7)  # n = 37 to 85
    costs = frames.costs_frame([record(Case("width", "backprop", s), 3.0) for s in scales])
    assert frames.slopes_frame(costs)["exponent"].isna().all()
    wide = frames.costs_frame([record(Case("width", "backprop", 2**k), 3.0) for k in range(4)])
    exponents = frames.slopes_frame(wide).set_index("quantity")["exponent"]
    assert exponents[["gradient_s", "ratio"]].notna().all()


def test_a_preparation_without_a_law_has_no_exponent():
    """If it had, overhead that bends would be read as growth."""
    times = (1e-3, 5e-3, 6e-3, 9e-2)
    costs = frames.costs_frame(
        [
            record(Case("width", "backprop", 2**k), 3.0 + 9 * (k % 2), preparation=seconds)
            for k, seconds in enumerate(times)
        ]
    )
    slopes = frames.slopes_frame(costs).set_index("quantity")
    flat = frames.costs_frame([record(Case("width", "backprop", 2**k), 3.0) for k in range(4)])
    constant = frames.slopes_frame(flat).set_index("quantity")
    assert np.isnan(constant.loc["preparation_s", "exponent"])
    assert np.isnan(slopes.loc["preparation_s", "exponent"])
    assert not slopes.loc["ratio", "settled"]  # a time keeps its local slope, marked as such
    shown = slopes_table(slopes.reset_index()).set_index("Quantity")
    assert shown.loc["preparation", "Settled"] == "no clear law"


def of_preparation(times, scales):
    """Return the row of preparation, of a method that took these seconds to prepare."""
    cases = [Case("width", "analytical:cse", scale) for scale in scales]
    entries = [record(c, 3.0, preparation=s) for c, s in zip(cases, times, strict=True)]
    slopes = frames.slopes_frame(frames.costs_frame(entries)).reset_index()
    return slopes_table(slopes).set_index("Quantity").loc["preparation"]


def test_a_preparation_that_bends_has_an_exponent_of_transition():
    """If it had none, the price of deriving formulas would be missing where it is steepest."""
    bent = of_preparation((0.14, 0.37, 1.7, 12.0), (1, 2, 4, 8))
    assert bent["Exponent"].startswith("1.6")
    assert (bent["Settled"], bent["Asymptote from"]) == ("no", "not reached")
    straight = of_preparation([1e-3 * Case("width", "analytical:cse", 2**k).n for k in range(4)],
                              (1, 2, 4, 8))  # fmt: skip
    assert straight["Exponent"].startswith("1.00")
    assert (straight["Settled"], straight["Asymptote from"]) == ("yes", "n = 7")


def test_a_law_over_less_than_a_decade_gives_way_to_a_decade():
    """If it did not, sizes that lie close would take the exponent from those that lie apart."""
    scales = (1, 4, 16, 17, 18, 19, 20)
    cases = [Case("width", "analytical:cse", scale) for scale in scales]
    entries = [record(c, 0.2 * c.n**0.5 if c.n < 300 else 1e-2 * c.n) for c in cases]
    slopes = frames.slopes_frame(frames.costs_frame(entries))
    row = slopes_table(slopes).set_index("Quantity").loc["gradient ÷ loss"]
    assert row["Fitted sizes"] == "n = 37 – 501"
    assert row["Asymptote from"] == "not reached"


def test_successive_gaps_of_one_reason_are_one_row():
    """If each had a row, the reason would drown among its copies."""
    cases = [Case("width", "numerical", scale) for scale in (32, 64, 128, 256)]
    later = [f"Not tried, because n = 1,185 was not measured: {REASON}"] * 2
    entries = [gap(c, r) for c, r in zip(cases, [REASON, *later, "Other."], strict=True)]
    entries.append(gap(Case("width", "backprop", 32), REASON))
    shown = gaps_table(frames.gaps_frame(frames.costs_frame(entries)))
    assert shown["Size"].to_list() == ["n = 1,185 – 17,025", "n = 66,817", "n = 1,185"]
    assert shown["Reason"].to_list() == [REASON, "Other.", REASON]
    shown = gaps_table(frames.gaps_frame(frames.costs_frame(entries[:3])))
    assert shown["Size"].to_list() == ["n ≥ 1,185"]


def test_methods_have_one_name_everywhere(run):
    """If a table named a method otherwise than a figure, its reader would look for a second one."""
    for path in (run / "tables").glob("*.md"):
        assert "numerical:" not in path.read_text(encoding="utf-8")
    accuracy = (run / "tables" / "tab-accuracy.md").read_text(encoding="utf-8")
    assert "numerical, central" in accuracy


def test_numbers_are_aligned_in_latex(run):
    """If they were not, magnitudes could not be compared down a column."""
    text = (run / "tables" / "tab-costs.tex").read_text(encoding="utf-8")
    assert r"\begin{longtable}{@{}lllrrrrrrrrl@{}}" in text
    assert r"\toprule" in text
    caption = re.search(r"\\caption\[(.*?)\]\{(.*)\}", text)
    assert caption is not None
    assert caption[1] == "Cost and error of every case"
    # How it was measured stands in a comment, for the author.
    assert not any(words in caption[2] for words in (SETTING, ROUNDS, INTERVALS, ERRORS))
    assert "% " + SETTING in text


def test_a_sound_run_has_no_caveat():
    """If it had, nobody would read the caveats of the others."""
    entries = [record(Case("width", "backprop", 1), 3.0)]
    noise = entries[0] | {"sweep": "noise", "moment": "start", "ratio": entries[0]["loss"]}
    ends = {"median": 1.0, "low": 0.99, "high": 1.02}
    costs, floors = (
        frames.costs_frame(entries),
        frames.noise_frame([noise | {"ratio": ends}]),
    )
    assert caveats({"finished": True}, costs, floors) == []
    assert caveats(None, costs, floors) == []


@pytest.mark.parametrize("low", [1 / 1.2, 1.0])
def test_a_reader_is_warned(low):
    """If there were no warning, numbers of a busy machine or of half a run would be cited."""
    entry = record(Case("width", "backprop", 1), 3.0, contended=True)
    costs = frames.costs_frame([entry, gap(Case("width", "backprop", 2)) | {"kind": "not run"}])
    ends = {"median": 1.0, "low": low, "high": 1.0 if low < 1 else 1.2}
    floors = frames.noise_frame([entry | {"sweep": "noise", "moment": "end", "ratio": ends}])
    incomplete, noisy, contended = caveats({"finished": False}, costs, floors)
    assert f"after 1 of {len(grid())} cases" in incomplete
    assert "factor of 1.20" in noisy
    assert "of 2 measurements" in contended
    assert costs_table(costs)["Note"].to_list() == ["contended", "not run"]
    assert case_line(entry).endswith("CONTENDED")


def test_what_a_reader_must_know_comes_first(tmp_path, undrawn):
    """If it stood below the figures, numbers of half a run would be cited before it is read."""
    write_run(tmp_path, finished=False)
    write_report(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.index("INCOMPLETE") < page.index("<h2")
    assert "INCOMPLETE" in summary(tmp_path)


def test_many_dropped_rounds_are_noted():
    """If they were not, nobody would see that the machine was busy."""
    rows = [record(Case("width", "backprop", 2**k), 3.0, dropped=d) for k, d in enumerate((8, 3))]
    shown = costs_table(frames.costs_frame(rows))
    assert shown["Note"].to_list() == ["8 rounds dropped", ""]


def test_every_table_says_that_its_run_is_unfinished():
    """If only the page did, a table in a paper would not."""
    machine = {"processor": "P", "cores": 2, "system": "S"}
    origin = {
        "machine": machine,
        "packages": {"numpy": "2", "sympy": "1"},
        "python": "CPython 3",
        "command": "c",
        "date": "d",
    }
    assert "INCOMPLETE" not in provenance_line(origin)
    assert "INCOMPLETE" in provenance_line(origin | {"finished": False})


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.loads = [], []

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.ids += [named["id"]] if "id" in named else []
        loading = tag in ("script", "link", "img", "iframe", "object")
        self.loads += [(tag, named)] if loading or "src" in named else []


def test_the_page_stands_alone(run):
    """If it asked the network for anything, the report would break, or tell on its reader."""
    text = (run / "report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.loads == [("link", {"rel": "icon", "href": "data:,"}), ("script", {})]
    assert not re.search(r"@import|url\(\s*['\"]?http", text)
    assert len(set(page.ids)) == len(page.ids)
    assert "Estimated 40 s &lt;&amp;&gt;" in text
    used = re.findall(r'(?:href="?#|url\(#)([^") ]+)', text)
    assert set(used) <= set(page.ids)
    assert {"l0", "m0"} <= set(page.ids)


def test_the_page_shows_derivations_with_their_proofs(run):
    """If the record were not read, the formulas would be missing from the report."""
    text = (run / "report.html").read_text(encoding="utf-8")
    assert "The derivations, proven" in text
    assert "1 of 1 equations" in text
    assert 'href="#formulas"' in text


def test_the_template_is_part_of_the_package():
    """If it were not, an installed wheel could not write its report."""
    assert resources.files("gradmethods.report").joinpath("report.html.jinja").is_file()


def test_the_answer_is_at_one_size():
    """If methods were compared at different sizes, the cheapest would be the one that stopped."""
    frame = methods_frame(Recorded(list(some_records())))
    assert set(frame["n"]) == {4417}  # the largest that both reached
    prices = frame.set_index("provider")["ratio"]
    assert prices["backprop"] == pytest.approx(3.0)
    assert prices["numerical"] == pytest.approx(2 * 4417)
    shown = methods_table(frame).set_index("Method")
    assert shown.loc["numerical, central", "Right digits"] == "10.0 [10.0, 10.0]"
    first, second = sentences(frame)
    assert first.startswith("Backprop is for any n")
    assert "from n = 7 to 66,817 a gradient took 3.00 [2.85, 3.30] losses" in first
    assert "at n = 4,417 a gradient took 8,830 [8,390, 9,720] losses (central" in second
    assert not len(methods_frame(Recorded([])))


def test_the_summary_tells_what_matters(run):
    """If it did not, a run of five minutes would end without an answer."""
    text = summary(Path(run), seconds=12.3)
    assert "9 cases" in text
    assert "6 gaps in 12 s" in text
    assert "n^1.00" in text
    assert "report.html" in text
