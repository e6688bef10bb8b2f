"""The report: from records to files, without measuring, and the same bytes each time."""

from __future__ import annotations

import html.parser
import json
import os
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gradmethods as gm
from gradmethods.cost import timing
from gradmethods.cost.cases import PROVIDERS, Case
from gradmethods.errors import GradientError, InvalidOption
from gradmethods.report import figures, frames, plots, tables, write_report
from gradmethods.report.figures import save
from gradmethods.report.files import (
    ACCURACY,
    PROVENANCE,
    RECORDS,
    append_record,
    read_records,
    write_json,
    write_text,
)
from gradmethods.report.plane import accuracy_cost_plane
from gradmethods.report.style import LOOKS, look
from gradmethods.report.text import summary

REASON = "Estimated 40 s <&> 50 % of $n_1$; the limit is 15 s a case."


def estimate(median):
    return {"median": median, "low": 0.95 * median, "high": 1.1 * median, "minimum": 0.9 * median}


def record(case, ratio, **more):
    loss = 1e-5 * (1 + case.n / 100)
    return {
        "key": case.key,
        "sweep": case.sweep,
        "provider": case.provider,
        "network": case.network,
        "scale": case.scale,
        "n": case.n,
        "outcome": "measured",
        "gradient": estimate(loss * ratio),
        "loss": estimate(loss),
        "ratio": estimate(ratio),
        "rounds": 7,
        "gradient_calls": 1,
        "loss_calls": 3,
        "preparation": 1e-3,
        "error": 1e-10 if case.provider == "numerical" else 0.0,
        "reference": "backprop",
        "components": case.n,
        "loss_calls_per_gradient": 2 * case.n,
    } | more


def gap(case, reason=REASON):
    described = {
        key: record(case, 1.0)[key] for key in ("key", "sweep", "provider", "network", "n")
    }
    return described | {"outcome": "gap", "kind": "limit", "reason": reason}


def some_records():
    """One sweep, in which finite differences stop and the formulas never start."""
    for scale in (1, 4, 16, 64, 256):
        yield record(Case("width", "backprop", scale), 3.0)
        numerical = Case("width", "numerical", scale)
        yield record(numerical, 2.0 * numerical.n) if scale < 100 else gap(numerical)
        yield gap(Case("width", "analytical:expanded", scale), "A formula that is too large.")
    noise = record(Case("width", "backprop", 2), 1.0)
    yield noise | {"key": "noise-2", "sweep": "noise", "provider": "loss"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder with its report, written while measuring anything is an error."""
    out = tmp_path_factory.mktemp("run")
    for entry in some_records():
        append_record(out / RECORDS, entry)
    machine = {"processor": "P", "cores": 2, "system": "S", "architecture": "A", "memory_gib": 1}
    write_json(
        out / PROVENANCE,
        {
            "command": "gradmethods bench", "date": "2026-01-02T03:04:05+00:00", "seed": 0,
            "machine": machine, "python": "CPython 3", "blas": [],
            "packages": {"gradmethods": "0.1.0", "numpy": "2", "sympy": "1"},
            "git": {"commit": "0123456789abcdef", "dirty": True},
        },
    )  # fmt: skip
    write_json(
        out / ACCURACY,
        [
            {"problem": "xor", "provider": "numerical", "n": 13, "value": 0.7, "error": 1e-9,
             "worst_component": np.inf, "forward_passes": 26, "verdict": "agrees",
             "obstacle": "", "reference": "backprop"},
            {"problem": "xor", "provider": "analytical", "verdict": "obstacle", "obstacle": "No."},
        ],
    )  # fmt: skip

    def poison(*args, **kwargs):
        raise AssertionError("the report measured or evaluated something")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timing, "measure", poison)
        patch.setattr(timing.Rounds, "__init__", poison)
        patch.setattr(gm.Problem, "__init__", poison)
        patch.setattr(subprocess, "run", poison)
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


def test_tables_hold_the_gaps(run):
    """If gaps were left out, a method that cannot do it would look as if nobody had asked."""
    costs = pd.read_csv(run / "tables" / "tab-costs.csv")
    assert (costs["outcome"] == "gap").sum() == 6
    assert set(costs.loc[costs["outcome"] == "gap", "reason"]) == {
        REASON,
        "A formula that is too large.",
    }
    gaps = pd.read_csv(run / "tables" / "tab-gaps.csv")
    assert len(gaps) == 6
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


def test_too_few_sizes_leave_a_row_without_an_exponent():
    """If the row were missing, nobody would know that a method was too short to fit."""
    cases = [Case("width", "numerical", scale) for scale in (1, 2, 4)]
    costs = frames.costs_frame([record(case, 2.0 * case.n) for case in cases])
    slopes = frames.slopes_frame(costs)
    assert slopes["exponent"].isna().all()
    assert set(tables.slopes_table(slopes)["Settled"]) == {"too few sizes"}


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
    assert page.loads == []
    assert not re.search(r"@import|url\(\s*['\"]?http", text)
    assert len(set(page.ids)) == len(page.ids)
    assert "Estimated 40 s &lt;&amp;&gt;" in text
    for drawing in re.findall(r'(?:href="#|url\(#)(fig-[^")]+)', text):
        assert drawing in page.ids


def test_the_same_records_write_the_same_bytes(run, tmp_path):
    """If bytes changed, nobody could tell a new result from a new run of the program."""
    costs = frames.costs_frame(read_records(run / RECORDS))
    slopes = frames.slopes_frame(costs)
    for kind in ("svg", "pdf", "png"):
        written = []
        for name in ("a", "b"):
            figure = plots.growth(costs, slopes, "width", plots.RATIO)
            path = save(figure, tmp_path / name / f"f.{kind}", title="t", caption="c")
            written.append(path.read_bytes())
        assert written[0] == written[1]
        assert b"CreationDate" not in written[0]
        assert b"<dc:date>" not in written[0]


def test_the_report_loads_no_engine():
    """If it did, writing a report would wait for SymPy, or need a display."""
    code = (
        "import sys, gradmethods.report.write;"
        "print([m for m in ('sympy', 'flint', 'matplotlib.pyplot') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_records_survive_a_torn_line(tmp_path):
    """If they did not, a power cut would cost the whole run instead of one case."""
    path = tmp_path / RECORDS
    append_record(path, {"key": "a", "n": 1})
    append_record(path, {"key": "b", "n": 2})
    with path.open("ab") as file:
        file.write(b'{"key": "c", "n"')
    assert [entry["key"] for entry in read_records(path)] == ["a", "b"]
    append_record(path, {"key": "a", "n": 3})
    assert read_records(path) == [{"key": "a", "n": 3}, {"key": "b", "n": 2}]


def test_records_hold_only_json(tmp_path):
    """If NaN were written, other languages could not read the records."""
    path = tmp_path / RECORDS
    entry = {"key": "a", "x": float("nan"), "y": np.float64("inf"), "z": (np.int64(3),)}
    append_record(path, entry)
    assert json.loads(path.read_text()) == {"key": "a", "x": None, "y": "inf", "z": [3]}


def test_no_records_is_an_error_that_says_what_to_do(tmp_path):
    """If it were an empty report, a wrong folder would go unnoticed."""
    with pytest.raises(GradientError, match="gradmethods bench"):
        write_report(tmp_path)
    (tmp_path / RECORDS).write_text("{torn\n")
    with pytest.raises(GradientError, match="no finished case"):
        write_report(tmp_path)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    """If it did not, a full disk would destroy the report that was there."""
    path = write_text(tmp_path / "a.txt", "old")

    def full(_handle):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_methods_are_told_apart_without_colour():
    """If two looked alike, a figure printed in grey could not be read."""
    shapes = [(style.marker, str(style.line)) for style in LOOKS.values()]
    assert len(set(shapes)) == len(shapes)
    assert set(PROVIDERS) <= set(LOOKS)
    assert look("mine") == look("mine")
    assert look("mine").label == "mine"


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

    problem = gm.Problem(lambda w, xp=np: xp.sum(w), np.ones(3), name="sum")
    comparison: Any = SimpleNamespace(problem=problem, table=table)
    axes = accuracy_cost_plane(comparison)
    assert {line.get_label() for line in axes.lines} >= {"backprop", "numerical, central"}
    assert save(axes.figure, tmp_path / "plane.svg").stat().st_size > 1000


def test_the_template_is_part_of_the_package():
    """If it were not, an installed wheel could not write its report."""
    assert resources.files("gradmethods.report").joinpath("report.html.jinja").is_file()


def test_the_summary_tells_what_matters(run):
    """If it did not, a run of five minutes would end without an answer."""
    text = summary(Path(run), seconds=12.3)
    assert "9 cases measured, 6 gaps in 12 s." in text
    assert "n^1.00" in text
    assert "report.html" in text
