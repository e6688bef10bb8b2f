"""Faults of the system and of files: a line says what is wrong, and nothing finished is lost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gradmethods.app import system
from gradmethods.errors import GradientError
from gradmethods.output import disk
from gradmethods.output.files import (
    PROVENANCE,
    RECORDS,
    append_record,
    left_out,
    read_json,
    records_so_far,
)
from tests import damaged_runs, failing, faults

PACKAGE = Path(disk.__file__).parents[1]


@pytest.mark.medium
@pytest.mark.skipif(os.name != "posix", reason="pipes and links in the place of files")
def test_each_fault_is_said_as_the_page_says():
    """If a row of the page were not true, a user would look for what is not kept."""
    page = faults.PAGE.read_text("utf-8")
    for what in failing.FAULTS:
        assert failing.tried(what) in page, what
    assert page.count("\n| ") == len(failing.FAULTS) + 1


@pytest.mark.medium
@pytest.mark.skipif(os.name != "posix", reason="pipes and links in the place of files")
def test_damaged_runs_are_read_or_refused(tmp_path):
    """If a command failed otherwise on a damaged run, its user would see a traceback, or worse."""
    sample = tmp_path / "sample"
    sample.mkdir()
    damaged_runs.write_sample(sample)
    for seed in SEEDS:
        place = tmp_path / str(seed)
        place.mkdir()
        damaged_runs.attack(seed, sample, place)


SEEDS = (1, 2, 7, 9, 12, 13, 19, 24, 25, 26, 28, 32)
"""Damage of which `python -m tests.damaged_runs` tries more."""


def test_a_record_that_is_cut_anywhere_is_left_out_and_counted(tmp_path):
    """If a prefix of a line counted, a number that was never measured would stand in a table."""
    disk.append_line(tmp_path / PROVENANCE, b'{"run_id": "abc"}')
    path = tmp_path / RECORDS
    append_record(path, {"key": "k", "outcome": "gap", "reason": "½"})
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        complete = length == len(whole) - 1  # but for the end of the line
        assert len(records_so_far(path)) == complete
        assert len(left_out(path)) == (length > 0 and not complete)
    origin = (tmp_path / PROVENANCE).read_bytes()
    for length in range(len(origin) - 1):
        (tmp_path / PROVENANCE).write_bytes(origin[:length])
        with pytest.raises(GradientError, match="cannot be read"):
            read_json(tmp_path / PROVENANCE)


def test_one_module_writes_files():
    """If another did, a full disk would leave half of a file in the place of a whole one."""
    found = {
        f"{path.name}: {match[0]}"
        for path in PACKAGE.rglob("*.py")
        for match in WRITES.finditer(path.read_text("utf-8"))
    }
    # To a text and to nowhere: a CSV on its way, and the streams of a process that has none.
    assert found == {
        "disk.py: os.O_WRONLY", "files.py: .to_csv(", "system.py: .open(mode",
        "system.py: os.O_WRONLY",
    }  # fmt: skip


WRITES = re.compile(
    r"""os\.O_(?:WRONLY|RDWR)|\.open\((?:mode|["'](?:[wax]|r\+))|open\([^)\n]*, ["'](?:[wax]|r\+)"""
    r"|\.(?:write_text|write_bytes|touch|tofile|to_csv|to_json|memmap|savetxt)\("
    r"|\b(?:copyfile|copytree|json\.dump|pickle\.dump|mkstemp|NamedTemporaryFile)\("
)
"""What opens a file for writing."""


def test_what_a_file_was_stays_if_it_cannot_be_written(tmp_path):
    """If a full disk took the old file along, a finished report would be gone."""
    path = tmp_path / "a.txt"
    disk.write_bytes(path, b"old")
    for number in (28, 27):  # no space, too large
        with failing.refused(number, "whole"), pytest.raises(OSError, match="txt"):
            disk.write_bytes(path, b"new and longer")
    disk.append_line(tmp_path / "lines", b"first")
    with failing.refused(28, "lines"), pytest.raises(OSError, match="lines"):
        disk.append_line(tmp_path / "lines", b"second")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        "a.txt": b"old", "lines": b"first\n",
    }  # fmt: skip


STREAMS = """
import os, sys
from gradmethods.app.system import open_streams
open_streams()
print("\\u2202", "\\udcff")
sys.stderr.write("x")
file = os.open(os.devnull, os.O_WRONLY)
os._exit(0 if file > 2 else 1)
"""


@pytest.mark.skipif(os.name != "posix", reason="streams are closed by a shell")
def test_closed_streams_are_no_files():
    """If a record took the number of a closed stream, what is printed would be written into it."""
    command = ["sh", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', sys.executable, STREAMS]
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert subprocess.run(command, check=False, env=environment).returncode == 0


def test_a_signal_that_is_ignored_stays_so(monkeypatch):
    """If it did not, a run under nohup would end with its terminal."""
    set_to = []
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_IGN)
    monkeypatch.setattr(signal, "signal", lambda *them: set_to.append(them))
    with system.stoppable():
        pass
    assert not set_to
