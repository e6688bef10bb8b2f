"""The files of a run: what a kill, a full disk or a stranger leaves of them."""

from __future__ import annotations

import json
import os
import re

import numpy as np
import pytest

from gradmethods.errors import GradientError, InvalidOption
from gradmethods.output.files import (
    RECORDS,
    append_record,
    check_target,
    read_records,
    records_so_far,
    write_text,
)
from gradmethods.report import cost_frames as frames
from gradmethods.report import write_report
from gradmethods.report.publish import publish
from gradmethods.timing.cases import Case
from gradmethods.timing.plan import Plan
from tests.report_records import record, write_run


def test_records_survive_a_torn_line(tmp_path):
    """If they did not, a power cut would cost the whole run instead of one case."""
    path = tmp_path / RECORDS
    done = {"outcome": "measured"}
    append_record(path, done | {"key": "a", "n": 1})
    append_record(path, done | {"key": "b", "n": 2})
    with path.open("ab") as file:
        file.write(b'{"key": "c", "n"')
    assert [entry["key"] for entry in read_records(path)] == ["a", "b"]
    append_record(path, done | {"key": "a", "n": 3})
    assert [(entry["key"], entry["n"]) for entry in read_records(path)] == [("a", 3), ("b", 2)]


def test_lines_that_are_no_records_are_passed_over(tmp_path):
    """If they were not, a file that somebody touched would be lost with all its cases."""
    path = tmp_path / RECORDS
    foreign = ["3", "null", "[]", '"key"', "{}", '{"key": "x"}', '{"outcome": "gap"}', "", "\x00"]
    path.write_text("\n".join(foreign), encoding="utf-8")
    assert records_so_far(path) == []
    append_record(path, {"key": "a", "outcome": "gap"})
    with path.open("ab") as file:
        file.write(b"\xff\xfe{")
    assert read_records(path) == [{"key": "a", "outcome": "gap"}]
    assert records_so_far(tmp_path / "none") == []


def test_records_of_another_kind_have_no_place_in_the_tables():
    """If they had, or raised, a newer record could not stand in an older report."""
    entry = {"key": "a", "outcome": "measured"}
    assert len(frames.costs_frame([entry])) == len(frames.noise_frame([entry])) == 0
    assert Plan(limit=1.0).recall(entry)


def test_records_hold_only_json(tmp_path):
    """If NaN were written, other languages could not read the records."""
    path = tmp_path / RECORDS
    entry = {"key": "a", "x": float("nan"), "y": np.float64("inf"), "z": (np.int64(3),)}
    append_record(path, entry)
    line = json.loads(path.read_text())
    assert len(line.pop("crc")) == 8
    assert line == {"key": "a", "x": None, "y": "inf", "z": [3]}


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


def test_a_file_that_cannot_be_written_is_refused_at_once(tmp_path):
    """If it were not, a measurement would be made and then lost."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "table.csv"):
        with pytest.raises(InvalidOption):
            check_target(path)
    assert check_target(tmp_path / "new" / "table.csv") == tmp_path / "new" / "table.csv"
    assert not (tmp_path / "new").exists()


@pytest.mark.medium
def test_a_published_run_is_small_and_the_same(tmp_path, undrawn):
    """If it were another run, or as large as one, releases could neither be cited nor committed."""
    run, target = tmp_path / "run", tmp_path / "reference"
    write_run(run)
    rounds = {"gradient_seconds": [1e-5] * 400}
    append_record(run / RECORDS, record(Case("width", "backprop", 2), 3.0) | rounds)
    write_report(run)
    publish(run, target)
    index, own = (json.loads((place / "index.json").read_text()) for place in (target, run))
    assert index["run"] == own["run"]
    assert [item["id"] for item in index["items"]] == [item["id"] for item in own["items"]]
    assert "gradient_seconds" not in (target / RECORDS).read_text()
    for item in index["items"]:
        (file,) = item["files"]
        assert file.endswith(".svg" if item["kind"] == "figure" else ".md")
    page = (target / "report.html").read_text(encoding="utf-8")
    links = re.findall(r'<a href="([^"#]+)"', page)
    assert links
    assert all((target / link).exists() for link in links)
    before = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    publish(run, target)
    assert before == {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    with pytest.raises(InvalidOption, match="own folder"):
        publish(run, run)
