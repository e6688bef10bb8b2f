"""The report about accuracy: from records to tables, figures and a page, measuring nothing."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

import gradmethods as gm
from gradmethods.errors import GradientError
from gradmethods.output import figures
from gradmethods.output.files import ACCURACY, append_record, read_json
from gradmethods.providers.schemes import NAMES, RICHARDSON, SCHEMES
from gradmethods.report import accuracy_frames as frames
from gradmethods.report import exhibits, findings, write_report
from gradmethods.report.exhibit import exhibits_of
from gradmethods.report.exhibits.fig_atlas import overview, problem_atlas
from gradmethods.report.exhibits.fig_plane import planes, trails
from gradmethods.report.exhibits.fig_steps import best_steps
from gradmethods.report.exhibits.tab_certified import certified_table
from gradmethods.report.exhibits.tab_matrices import digits_table
from gradmethods.report.exhibits.tab_planted import mistakes_table, planted_table
from gradmethods.report.exhibits.tab_steps import steps_table
from gradmethods.report.step_axes import title
from gradmethods.report.summary import summary
from gradmethods.studies.accuracy.survey import VARIANTS
from gradmethods.timing import rounds
from tests.accuracy_records import REASON, accuracy_records, curve, gap, gradient, point, reference
from tests.report_records import draw_svg_alone, write_run

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """An accuracy run's folder with its report, written while measuring anything is an error."""
    out = tmp_path_factory.mktemp("accuracy")
    write_run(out, accuracy_records())
    (out / "records.jsonl").unlink()

    def poison(*args, **kwargs):
        raise AssertionError("the report measured or evaluated something")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds.Rounds, "__init__", poison)
        patch.setattr(gm.Problem, "__init__", poison)
        draw_svg_alone(patch)
        write_report(out)
    return out


@pytest.fixture(scope="module")
def records():
    return list(accuracy_records())


IDS = {
    "tab-certified", "tab-digits", "tab-ulps", "tab-bounds", "tab-accuracy", "tab-accuracy-gaps",
    "fig-plane", "fig-atlas", "fig-atlas-xor", "fig-atlas-mine---more", "fig-steps", "tab-steps",
    "fig-hard-cases", "tab-hard-cases", "tab-planted", "tab-mistakes",
}  # fmt: skip


def test_every_section_leaves_its_items(run):
    """If a section wrote nothing, what was measured for it would be lost on the way."""
    index = read_json(run / "index.json")
    ids = [item["id"] for item in index["items"]]
    assert len(set(ids)) == len(ids)
    assert set(ids) == IDS
    assert len({item["title"] for item in index["items"]}) == len(ids)
    for item in index["items"]:
        assert len(item["text"]) > 30
        assert item["data"].endswith(".csv")
        suffixes = {file.rpartition(".")[2] for file in item["files"]}
        assert suffixes == ({"csv", "svg"} if item["kind"] == "figure" else {"csv", "md", "tex"})
        for file in item["files"]:
            assert (run / file).stat().st_size > 0


@pytest.mark.slow
def test_every_figure_is_written_in_every_format(tmp_path):
    """If a figure could not be printed, its author would learn it when the paper is due."""
    write_run(tmp_path, accuracy_records())
    (tmp_path / "records.jsonl").unlink()
    write_report(tmp_path)
    figures = [i for i in read_json(tmp_path / "index.json")["items"] if i["kind"] == "figure"]
    for item in figures:
        suffixes = {file.rpartition(".")[2] for file in item["files"]}
        assert suffixes == {"csv", "svg", "pdf"}
        assert all((tmp_path / file).stat().st_size for file in item["files"])


def test_the_page_has_a_part_for_each_section(run):
    """If a part were missing, or named twice, links would lead nowhere."""
    page = (run / "report.html").read_text(encoding="utf-8")
    for section in {e.section for e in exhibits_of(exhibits) if e.needs == ACCURACY}:
        assert page.count(f'<div id="{section}">') == 1
        assert f'href="#{section}"' in page
    assert 'id="figures"' not in page  # nothing of cost was measured
    assert "records.jsonl" not in page
    assert "mine &amp; more" in page
    used = re.findall(r'(?:href="?#|url\(#)([^") ]+)', page)
    ids = re.findall(r' id="([^"]+)"', page)
    assert set(used) <= set(ids)
    assert len(set(ids)) == len(ids)


def test_a_benchmark_shows_both(tmp_path, undrawn):
    """If accuracy drove cost out of the page, or it accuracy, half the run would be lost."""
    write_run(tmp_path, accuracy_records())
    write_report(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.index('id="fig-time-width"') < page.index('id="tab-certified"')
    ids = [item["id"] for item in read_json(tmp_path / "index.json")["items"]]
    assert {"fig-atlas", "fig-plane", "tab-steps", "tab-costs"} <= set(ids)
    assert "fig-atlas-xor" not in ids  # the overview must do: there is no time
    said = summary(tmp_path)
    assert "9 cases measured" in said
    assert "2 gradients certified" in said


def test_the_name_of_a_run_follows_from_all_its_records(run, tmp_path, undrawn):
    """If it did not, two runs of other numbers could be cited as one."""
    write_run(tmp_path)
    (tmp_path / "records.jsonl").unlink()
    append_record(tmp_path / ACCURACY, reference("another"))
    write_report(tmp_path)
    first, second = (read_json(folder / "index.json")["run"] for folder in (run, tmp_path))
    assert first != second


def test_latex_is_escaped(run):
    """If it were not, an author's document would not compile."""
    found = sorted((run / "tables").glob("*.tex"))
    assert len(found) >= 9
    for path in found:
        lines = path.read_text(encoding="utf-8").splitlines()
        body = "\n".join(line for line in lines if not line.startswith("%"))
        assert not re.search(r"(?<!\\)[%#]", body)
        assert body.isascii(), (path.name, sorted({c for c in body if not c.isascii()}))


def test_a_refusal_is_no_error_of_zero(run):
    """If it looked like one, a method would be praised for what it cannot do."""
    cells = {}
    for line in (run / "tables" / "tab-digits.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("|"):
            name, *rest = [cell.strip() for cell in line.split("|")[1:-1]]
            cells[name] = rest
    assert cells["Method"] == ["xor", "mine & more"]
    assert cells["backprop"] == ["refused", "not run"]
    assert cells["numerical, central"] == ["15.9", "15.9"]
    frame = pd.read_csv(run / "tables" / "tab-accuracy.csv")
    assert REASON in set(frame["reason"])
    gaps = (run / "tables" / "tab-accuracy-gaps.md").read_text(encoding="utf-8")
    assert "backprop" in gaps
    assert REASON in gaps


def test_a_broken_bound_stands_beside_the_number():
    """If it did not, a wrong gradient would be one among the right ones."""
    bad = gradient("xor", "backprop", 1e-3)
    for row in bad["arrays"]:
        row |= {"verdict": "wrong", "digits": 3.0}
    frame = frames.gradients_frame([bad | {"verdict": "wrong"}])
    assert digits_table(frame).loc[0, "xor"] == "3.0 (wrong)"
    assert any("not so: backprop on xor (wrong)" in x for x in findings.findings([bad]))


def test_where_nothing_is_certified_nothing_is_judged():
    """If a kink looked like work that was not done, nobody would look for it in the loss."""
    refused = [gap(r) | {"gap": "obstacle"} for r in (reference("k"), gradient("k", "backprop"))]
    assert digits_table(frames.gradients_frame(refused)).loc[0, "k"] == "no truth"
    assert findings.findings(refused)[0] == f"k is not certified: {REASON}"


def test_a_sample_is_said_to_be_one():
    """If it were not, its digits would be taken for those of the whole gradient."""
    large = reference("large") | {"n": 5000, "components": 50}
    assert certified_table(frames.references_frame([large])).loc[0, "n"] == "50 of 5,000"
    rows = frames.points_frame([curve("large", "central") | {"n": 5000, "components": 50}])
    assert title(rows) == "large, n = 5,000, 50 of them"


def test_methods_stand_in_their_order_whenever_they_were_done(records):
    """If the order were that of the work, tables of two runs could not be laid side by side."""
    done_last_first = [r for r in records if r["kind"] == "gradient"][::-1]
    frame = frames.gradients_frame(done_last_first)
    for _, group in frame.groupby("problem", sort=False):
        assert list(dict.fromkeys(group["provider"])) == list(VARIANTS)


def test_records_from_a_file_say_the_same(records, tmp_path):
    """If JSON changed a number, the report of a folder would differ from that of the run."""
    path = tmp_path / ACCURACY
    endless = gradient("inf", "backprop", np.inf)
    for record in [*records, endless]:
        append_record(path, record)
    read = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for make in (frames.gradients_frame, frames.points_frame, frames.steps_frame):
        pd.testing.assert_frame_equal(make(read), make([*records, endless]))
    found = frames.gradients_frame(read)
    assert np.isinf(found.loc[found["problem"] == "inf", "error"]).all()


def test_steps_that_theory_puts_beyond_the_atlas_are_not_compared():
    """If they were, a scheme without truncation would look like a failure of theory."""
    record = curve("xor", "five-point")
    record["theory"] = point(10.0, 1e-16)
    steps = frames.steps_frame([record])
    assert not frames.has_theory(steps).any()
    row = steps_table(steps).iloc[0]
    assert (row["in theory"], row["Theory ÷ measured"]) == ("> 0.1", "–")


def test_trails_cost_the_passes_that_were_counted(records):
    """If a trail's time were guessed, the plane would trade accuracy against nothing."""
    gradients, points = frames.gradients_frame(records), frames.points_frame(records)
    found = trails(gradients, points)
    assert set(found["dtype"]) == {"float64"}
    assert set(found["provider"]) == {name for name in VARIANTS if name.startswith("numerical")}
    np.testing.assert_allclose(found["gradient_s"], 1e-4 * found["passes"].astype(float) / 7)


def drawn(figure):
    return [len(axes.lines) for axes in figure.axes]


def test_each_curve_and_mark_is_drawn(records):
    """If a curve were missing, its scheme would seem not to have been tried."""
    points, steps = (make(records) for make in (frames.points_frame, frames.steps_frame))
    mine = (frame[frame["problem"] == "xor"] for frame in (points, steps))
    figure = problem_atlas(*mine)
    far, double, single = figure.axes
    assert far.get_xlim()[0] < 1e-200
    marks = 2 * (len(SCHEMES) + 1) + len(SCHEMES) + 1  # best, default; in theory
    for axes in (double, single):
        assert axes.get_xlabel()
        assert len(axes.lines) == len(NAMES) + len(NAMES) + marks + 1
    assert far.get_ylabel().startswith("error")
    everything = overview(points, steps)
    assert [axes.get_title(loc="left") for axes in everything.axes] == [
        "xor, n = 3", "mine & more, n = 3",
    ]  # fmt: skip
    assert all(drawn(best_steps(steps)))
    assert all(drawn(planes(frames.gradients_frame(records), points)))


@pytest.mark.parametrize("kept", ["no atlas", "float32 alone", "one scheme", "all lost", "zero"])
def test_whatever_there_is_can_be_drawn(tmp_path, records, kept, svg_alone):
    """If a hole in the records stopped the report, a gap would cost all the rest."""
    some = [r for r in records if r["problem"] == "xor"]
    if kept == "no atlas":
        some = [r for r in some if r["kind"] != "atlas"]
    elif kept == "float32 alone":
        some = [r for r in some if r.get("scheme") is None or r["dtype"] == "float32"]
    elif kept == "one scheme":
        some = [r for r in some if r.get("scheme") in (None, RICHARDSON)]
    elif kept == "all lost":
        lost = [point(1e-1, None), point(1e-2, None)]
        nothing = {"best": None, "least": None, "theory": None, "points": lost}
        default = {"default": {"step": None, "error": None, "lost": "No."}}
        some = [r | nothing | default if r["kind"] == "atlas" else r for r in some]
    else:
        some = [gradient("xor", r["provider"], 0.0) if r["kind"] == "gradient" else r for r in some]
    for record in some:
        append_record(tmp_path / ACCURACY, record)
    assert len(write_report(tmp_path)) > 15
    assert (tmp_path / "report.html").stat().st_size > 1000


def test_the_same_records_write_the_same_bytes(tmp_path, records):
    """If bytes changed, nobody could tell a new result from a new run of the program."""
    points, steps = (make(records) for make in (frames.points_frame, frames.steps_frame))
    written = [
        figures.save(overview(points, steps), tmp_path / f"{k}.svg", title="t").read_bytes()
        for k in range(2)
    ]
    assert written[0] == written[1]


def test_problems_whose_files_would_be_one_are_refused(tmp_path, svg_alone):
    """If they were not, the figure of one would be shown as the other's."""
    for name in ("a b", "a-b"):
        append_record(tmp_path / ACCURACY, curve(name, "central"))
    with pytest.raises(GradientError, match="fig-atlas-a-b"):
        write_report(tmp_path)


def test_planted_mistakes_are_counted(records):
    """If what passed were not counted, no check would have a rate below 100 %."""
    frame = frames.planted_frame(records)
    row = planted_table(frame).iloc[0]
    assert row["Caught"] == "2 of 3"
    assert row["Rate"] == "67 %"
    assert row["Right ones rejected"] == "0 of 1"
    shown = mistakes_table(frame).set_index("Mistake")
    assert shown.loc["twice", "xor"] == "0 of 1"
    assert "4 of 6 planted" in " ".join(findings.findings(records))


def test_findings_name_the_worst(records):
    """If they named another, a reader would look in the wrong place."""
    said = " ".join(findings.findings([*records, gap(reference("third"))]))
    assert "2 gradients" in said
    assert "31 digits" in said
    assert "18 of 18 answers" in said
    assert "2.0 times" in said
    assert "2 pieces" in said
    assert findings.findings([]) == []


def test_a_default_better_than_the_best_single_step_is_explained():
    """'0.87 times the least' reads as a mistake of the report."""
    record = curve("xor", "central")
    better = record | {"default": record["default"] | {"error": record["least"] / 2}}
    (said, *_) = findings._steps([better])
    assert "0.50 times" in said
    assert "below 1" in said
    worse = record | {"default": record["default"] | {"error": record["least"] * 2}}
    assert "below 1" not in findings._steps([worse])[0]
