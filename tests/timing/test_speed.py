"""The tables of speed: that they are made, not what times they hold."""

from __future__ import annotations

import re

from benchmarks import speed


def test_tables_of_speed_are_made(capsys, monkeypatch):
    """A command that has rotted shows nobody how fast anything is."""
    monkeypatch.setattr(speed, "PASSES", ("xor",))
    assert speed.main(["--seconds", "0", "--largest", "1000", "--longest", "0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    cells = [line for line in lines if line.startswith("  ")]
    assert len(cells) == 1 + 3 + 1 + (2 + len(speed.WALKS)) + len(speed.TOTALS)
    assert all(re.search(r"\d\.\d\d", line) for line in cells)
