"""What the terminal shows: tables of one look, and what a command wrote."""

from __future__ import annotations

import pytest

from gradmethods.app.cli import main
from gradmethods.output.terminal import WIDTH, as_html, table
from gradmethods.report import findings
from tests.accuracy_records import curve


def test_numbers_stand_under_numbers():
    """If words and numbers were aligned alike, sizes could not be compared at a glance."""
    rows = [{"method": "a", "n": "5", "why": "x"}, {"method": "bc", "n": "1,234", "why": "yz"}]
    lines = table(rows, left=["why"]).splitlines()
    assert lines[1].strip("- ") == ""
    assert lines[2].index("5") == lines[3].index("4")
    assert lines[2].index("x") == lines[3].index("yz")


WRITTEN = {
    "graph": ("graph xor --out {}/g.svg", "The graph of xor is in {}/g.svg."),
    "graph as data": ("graph xor --data --out {}/g.csv", "The graph of xor is in {}/g.csv."),
    "compare": ("compare xor --seconds 0 --csv {}/c.csv", "The table is in {}/c.csv."),
}


@pytest.mark.medium
@pytest.mark.parametrize("case", WRITTEN)
def test_what_was_written_is_said(case, tmp_path, capsys):
    """A command that writes and says nothing looks like one that did nothing."""
    command, words = WRITTEN[case]
    main(command.replace("{}", str(tmp_path)).split())
    assert words.replace("{}", str(tmp_path)) in capsys.readouterr().out


def test_a_default_better_than_the_best_single_step_is_explained():
    """'0.87 times the least' reads as a mistake of the report."""
    record = curve("xor", "central")
    better = record | {"default": record["default"] | {"error": record["least"] / 2}}
    (said, *_) = findings._steps([better])
    assert "0.50 times" in said
    assert "below 1" in said
    worse = record | {"default": record["default"] | {"error": record["least"] * 2}}
    assert "below 1" not in findings._steps([worse])[0]


def test_no_table_is_wider_than_a_line():
    """A terminal breaks what is wider where it likes, and nobody can read a table any more."""
    row = {
        "a method": "numerical, complex step",
        "a number of something": "12,700 [12,700, 12,800] ms",
        "why it is so": "Estimated 16 s by growth from smaller cases; the limit is 15 s a case. "
        * 2,
    }
    lines = table([row, row | {"a method": "backprop"}], left=["why it is so"]).splitlines()
    assert max(map(len, lines)) == WIDTH
    assert "12,700 [12,700, 12,800] ms" in lines[2] or "[12,700, 12,800] ms" in lines[3]
    shown = as_html("\n".join(lines))
    assert shown.count("<tr>") == 3
    assert all(cell in shown for cell in (*row, *map(str.strip, row.values())))
