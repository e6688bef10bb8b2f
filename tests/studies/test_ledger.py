"""The ledger in a run: claims are written, drawn, shown in the report, and decided anew."""

from __future__ import annotations

import json

import pytest

from gradmethods.app.cli import main
from gradmethods.app.runs import begin, bench
from gradmethods.app.runs.claims import run_claims, write_ledger
from gradmethods.output.files import CLAIMS, RECORDS, append_record, read_json, read_records
from gradmethods.report import write_report
from gradmethods.report.claims_text import ledger_text
from gradmethods.report.exhibits.tab_claims import criteria_frame
from gradmethods.studies import claims
from gradmethods.studies.claims import LEDGER, claims_rows, preparation
from gradmethods.studies.claims.claim import UNDECIDED
from gradmethods.timing.cases import Case
from gradmethods.timing.trial import Settings
from tests.report_records import record as timed_record
from tests.report_records import write_run

pytestmark = pytest.mark.medium


def test_without_time_nothing_is_decided():
    """If it were, a run that ran out of time would have opinions."""
    rows = claims_rows(seconds=1e-9)
    assert [row["id"] for row in rows] == [claim.id for claim in LEDGER]
    assert {row["verdict"] for row in rows} == {UNDECIDED}


def test_the_job_writes_what_it_found(tmp_path, monkeypatch, svg_alone):
    """If the ledger were not written as the other results are, it could not be cited."""
    chosen = [c for c in LEDGER if c.id in ("C1", "C2", "C6", "C10")]
    monkeypatch.setattr(claims, "LEDGER", tuple(chosen))
    monkeypatch.setattr(claims, "LAST", (chosen[2],))
    for provider in preparation.METHODS:
        for scale in (1, 2, 4, 8):
            ratio = 3.0 if provider == "backprop" else 50.0
            append_record(tmp_path / RECORDS, timed_record(Case("width", provider, scale), ratio))
    written = run_claims(tmp_path / "out", tmp_path)
    names = {path.name for path in written}
    assert {"tab-claims.csv", "tab-criteria.tex", "fig-claim-c1.svg", "fig-claim-c10.csv"} <= names
    assert all(path.exists() for path in written)
    rows = read_records(tmp_path / "out" / CLAIMS)
    json.dumps(rows, allow_nan=False)
    text = ledger_text(rows)
    assert text.index("C1 ") < text.index("C2 ") < text.index("C10 ")
    assert "SUPPORTED" in text
    frame = criteria_frame(rows)
    assert len(frame) == sum(len(claim.criteria) for claim in chosen)
    again = {path.name: path.read_bytes() for path in write_ledger(tmp_path / "out")}
    assert again == {path.name: path.read_bytes() for path in written}


def test_the_command_says_how_to_close_what_is_open(tmp_path, monkeypatch, capsys, undrawn):
    """C10 rests on times: "not decided" alone leaves a reader with nothing to do."""
    monkeypatch.setattr(claims, "LEDGER", tuple(c for c in LEDGER if c.id in ("C6", "C10")))
    monkeypatch.setattr(claims, "LAST", tuple(c for c in LEDGER if c.id == "C6"))
    assert main(["claims", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "Open: C10." in printed
    assert "--records results/latest" in printed


def test_a_run_keeps_its_claims_and_its_report_shows_them(tmp_path, monkeypatch, undrawn):
    """If a run did not, `make bench` would measure and decide nothing."""
    write_run(tmp_path)
    chosen = [c for c in LEDGER if c.id in ("C1", "C2", "C6")]
    monkeypatch.setattr(claims, "LEDGER", tuple(chosen))
    monkeypatch.setattr(claims, "LAST", (chosen[2],))
    bench.ledger_rows(tmp_path, 20.0, Settings())
    write_report(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for words in ("The ledger of claims", "fig-claim-c6", "claims.jsonl", "C2"):
        assert words in page
    index = read_json(tmp_path / "index.json")
    assert {"tab-claims", "tab-criteria", "fig-claim-c1"} <= {item["id"] for item in index["items"]}
    begin.clear(tmp_path)
    assert (tmp_path / "previous" / CLAIMS).exists()
    assert not (tmp_path / CLAIMS).exists()
    assert not (tmp_path / "figures" / "fig-claim-c1.svg").exists()
