"""Files of a run that are empty, torn or somebody else's: one line says so, and no traceback."""

import json

import pytest

from gradmethods.app.cli import main
from gradmethods.app.runs.begin import clear
from gradmethods.errors import GradientError
from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    DERIVATIONS,
    PROVENANCE,
    RECORDS,
    append_record,
    read_json,
    records_so_far,
)
from gradmethods.report import exhibit, exhibits, report_files
from gradmethods.studies.derivations import Derivation
from tests.report_records import write_run


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run's folder; of the report all is written but the figures, which take seconds."""
    write_run(tmp_path, accuracy=())
    few = [each for each in exhibit.exhibits_of(exhibits) if each.needs != RECORDS]
    monkeypatch.setattr(exhibit, "exhibits_of", lambda _: few)
    monkeypatch.setattr(report_files, "page", lambda *_: "")
    return tmp_path


GARBLED = {
    "empty": b"",
    "binary": bytes(range(256)),
    "torn": b'{"a": ',
    "a list": b"[]",
    "a number": b"3",
    "a text": b'"x"',
    "another record": b'{"a": 1}',
    "deep": b"[" * 100_000,
    "UTF-16": '{"a": 1}'.encode("utf-16"),
}


def said(run, capsys):
    """Write the report again; return what is said on standard error."""
    assert main(["report", str(run)]) == 2
    text = capsys.readouterr().err
    assert len(text.splitlines()) == 1
    assert text.startswith("gradmethods: ")
    return text


@pytest.mark.parametrize("what", GARBLED)
def test_a_garbled_provenance_is_said_in_a_line(run, what, capsys):
    """A file that a full disk left empty ended in a traceback of json."""
    (run / PROVENANCE).write_bytes(GARBLED[what])
    text = said(run, capsys)
    assert PROVENANCE in text
    assert "cannot be read" in text
    assert "choose another folder" in text


@pytest.mark.parametrize("what", [what for what in GARBLED if what != "a list"])
def test_garbled_derivations_are_said_in_a_line(run, what, capsys):
    """Formulas are the last part of a report: they took all else along."""
    (run / DERIVATIONS).write_bytes(GARBLED[what])
    assert DERIVATIONS in said(run, capsys)


@pytest.mark.parametrize("name", ["packages", "command", "date", "python"])
@pytest.mark.parametrize("value", [None, 3, {}])
def test_entries_of_other_types_in_a_provenance_make_no_traceback(run, name, value, capsys):
    """Whoever edits the file by hand must learn which one is wrong."""
    origin = read_json(run / PROVENANCE)
    (run / PROVENANCE).write_text(json.dumps(origin | {name: value}))
    assert PROVENANCE in said(run, capsys)


@pytest.mark.parametrize("name", ["name", "definitions", "headings", "rows", "proof"])
@pytest.mark.parametrize("value", [None, 3, [[]]])
def test_a_derivation_is_made_of_texts(run, name, value):
    """A number in the place of a formula failed deep within the drawing."""
    (record,) = read_json(run / DERIVATIONS)
    with pytest.raises((TypeError, ValueError, KeyError, AttributeError)):
        Derivation.from_record(record | {name: value})


@pytest.mark.parametrize("name", [RECORDS, ACCURACY, CLAIMS])
def test_lines_that_are_no_records_are_passed_over(run, name):
    """One torn line must not cost a whole run."""
    append_record(run / name, {"key": "mine", "outcome": "gap", "reason": "because"})
    path = run / name
    junk = [*GARBLED.values(), b'{"key": 1, "outcome": 2, "crc": "00000000"}']
    path.write_bytes(b"\n".join([junk[1].replace(b"\n", b""), *junk[2:], path.read_bytes()]))
    assert "mine" in {record["key"] for record in records_so_far(path)}


def test_records_that_no_run_wrote_are_said_in_a_line(run, capsys):
    """A record with a checksum of its own may still lack what the report needs."""
    append_record(run / RECORDS, {"key": "k", "outcome": "gap", "sweep": "width", "n": "x"})
    assert f"{RECORDS} cannot be read" in said(run, capsys)


def test_a_garbled_index_does_not_stop_a_new_run(run):
    """What lists the files to clear is no reason to refuse the next run for ever."""
    for content in GARBLED.values():
        (run / "index.json").write_bytes(content)
        clear(run)
        assert not (run / "index.json").exists()
        write_run(run, accuracy=())


def test_bench_says_what_is_wrong_with_the_folder(run, capsys):
    """`bench` reads the provenance before it measures: a traceback there named no file."""
    (run / PROVENANCE).write_bytes(b"")
    assert main(["bench", "--out", str(run), "--budget", "10"]) == 2
    text = capsys.readouterr().err
    assert len(text.splitlines()) == 1
    assert PROVENANCE in text


def test_a_file_that_is_missing_is_none_and_one_that_is_not_is_read(run):
    """Nothing there is no damage."""
    assert read_json(run / "none.json", dict) is None
    assert read_json(run / PROVENANCE, dict)["seed"] == 0
    with pytest.raises(GradientError, match="expected a list, got dict"):
        read_json(run / PROVENANCE, list)
