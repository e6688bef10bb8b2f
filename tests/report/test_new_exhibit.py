"""The guide to adding an exhibit: one file, and every part of the report has it."""

from __future__ import annotations

import sys

import pytest

from gradmethods.output.files import RECORDS, append_record, read_json
from gradmethods.report import exhibits, write_report
from gradmethods.report.exhibit import SECTIONS, exhibits_of
from gradmethods.timing.cases import Case
from tests.patches import apply, patches
from tests.report_records import record


@pytest.mark.medium
def test_a_new_exhibit_is_one_file(tmp_path, monkeypatch, undrawn):
    """If a list of exhibits, captions or figures had to be changed, too, one would be forgotten."""
    (patch,) = [
        patch
        for patch in patches("CONTRIBUTING.md")
        if "+++ gradmethods/report/exhibits/tab_rounds" in patch
    ]
    (name,) = apply(patch, tmp_path)
    assert name == "gradmethods/report/exhibits/tab_rounds.py"
    path = [*exhibits.__path__, str((tmp_path / name).parent)]
    monkeypatch.setattr(exhibits, "__path__", path)
    for scale in (1, 4):
        append_record(tmp_path / RECORDS, record(Case("width", "backprop", scale), 3.0))
    try:
        write_report(tmp_path)
    finally:
        sys.modules.pop("gradmethods.report.exhibits.tab_rounds", None)
    items = {item["id"]: item for item in read_json(tmp_path / "index.json")["items"]}
    assert items["tab-rounds"]["files"] == [f"tables/tab-rounds.{k}" for k in ("csv", "md", "tex")]
    assert "| backprop |" in (tmp_path / "tables" / "tab-rounds.md").read_text()
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.index('id="tab-costs"') < page.index('id="tab-rounds"') < page.index('id="gaps"')
    for file in ("captions.md", "references.bib"):
        assert "tab-rounds" in (tmp_path / file).read_text(encoding="utf-8")


def test_every_exhibit_has_a_place_of_its_own():
    """If two had one, their order would be chance; without its section one would not be shown."""
    found = exhibits_of(exhibits)
    places = [(each.section, each.place) for each in found]
    assert len(set(places)) == len(places)
    assert {each.section for each in found} == {section.id for section in SECTIONS}
