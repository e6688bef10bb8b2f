"""Faults of the system and of files, each tried: what a user sees, and what is kept.

``python -m tests.faults`` writes the table of `docs/faults.md` anew; a test holds it.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import shutil
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from gradmethods.app import cli, system
from gradmethods.app.runs import accuracy, begin, million
from gradmethods.output import disk
from gradmethods.output.files import (
    ACCURACY,
    DERIVATIONS,
    MILLION,
    PROVENANCE,
    RECORDS,
    append_record,
    read_json,
    records_so_far,
    write_json,
)
from gradmethods.output.run_folder import locked
from gradmethods.report.difference.words import since_previous
from gradmethods.timing.difference_blocks import Passes
from tests.damaged_runs import flipped
from tests.failing import (
    FAULTS,
    Gone,
    counted,
    digest,
    fault,
    interrupt,
    judge,
    refused,
    say,
    sent,
    tried,
)
from tests.report_records import write_run

PAGE = Path(__file__).resolve().parents[1] / "docs" / "faults.md"

BEGIN, END = "<!-- faults -->", "<!-- end of faults -->"


@fault(
    "The disk is full when a result is to be kept",
    "Every result before it; half a line is taken back. The same command goes on.",
)
def full_disk(folder: Path) -> str:
    with contextlib.ExitStack() as later:

        def fill() -> dict[str, Any]:
            later.enter_context(refused(errno.ENOSPC, ACCURACY))
            return {}

        return judge(folder, fill, kept=True)


@fault("The disk is full when a report is written", "The report that was there, and the records.")
def full_report(folder: Path) -> str:
    write_run(folder)
    for name in ("report.html", "captions.md", disk.LOCK):
        (folder / name).write_text("old")
    before = digest(folder)
    with refused(errno.ENOSPC, "whole"):
        line = say("report", str(folder))
    assert digest(folder) == before
    return line


def forbidden(number: int, folder: Path) -> str:
    with refused(number, "any"):
        return judge(folder, dict)


UNTOUCHED = "Everything; nothing is measured."
fault("The folder of results cannot be written to", UNTOUCHED)(partial(forbidden, errno.EROFS))
fault("There is no permission", UNTOUCHED)(partial(forbidden, errno.EACCES))


@fault(
    "A line of records is torn, as a power cut leaves it",
    "All other lines; `bench` measures what is missing.",
)
def torn(folder: Path) -> str:
    write_run(folder)
    path = folder / RECORDS
    path.write_bytes(path.read_bytes()[:-30])
    return counted(folder)


@fault("Bits of a record flip", "All other lines.")
def flip(folder: Path) -> str:
    import random

    write_run(folder)
    lines = (folder / RECORDS).read_bytes().splitlines(keepends=True)
    lines[3] = flipped(random.Random(5), lines[3][:-20], 3) + lines[3][-20:]
    (folder / RECORDS).write_bytes(b"".join(lines))
    return counted(folder)


@fault(
    "A record holds what no version writes, and its checksum fits",
    "Everything; nothing is written.",
)
def strange(folder: Path) -> str:
    write_run(folder)
    append_record(folder / RECORDS, {"key": "k", "outcome": "gap", "sweep": "width", "n": "x"})
    return say("report", str(folder)).partition(", in ")[0] + ", …)."


@fault("The provenance is empty", "Everything; no command replaces it.")
def no_origin(folder: Path) -> str:
    write_run(folder)
    (folder / PROVENANCE).write_bytes(b"")
    before = digest(folder)
    line = say("bench", "--out", str(folder))
    assert digest(folder) == before
    return line


@fault("A key stands twice in a file", "Everything.")
def twice(folder: Path) -> str:
    write_run(folder)
    text = (folder / PROVENANCE).read_text()
    (folder / PROVENANCE).write_text(text.replace("{", '{"seed": 1, ', 1))
    return say("report", str(folder))


@fault("Brackets without end, made to exhaust a reader", "Everything.")
def bomb(folder: Path) -> str:
    write_run(folder)
    (folder / DERIVATIONS).write_bytes(b"[" * 100_000)
    return say("report", str(folder))


@fault("A number that no computer holds", "Everything.")
def huge(folder: Path) -> str:
    write_run(folder)
    (folder / PROVENANCE).write_text(json.dumps(read_json(folder / PROVENANCE) | {"seed": 10**400}))
    return say("report", str(folder))


@fault(
    "The run before, in `previous/`, is damaged",
    "Everything; the new run ends with what it found.",
)
def before(folder: Path) -> str:
    write_run(folder)
    write_run(folder / "previous")
    (folder / "previous" / PROVENANCE).write_text("{")
    with locked(folder):
        return since_previous(folder).strip()


@fault("The records are of a newer version", "Everything.")
def newer(folder: Path) -> str:
    write_run(folder)
    write_json(folder / PROVENANCE, read_json(folder / PROVENANCE) | {"format": 2})
    before = digest(folder)
    line = say("bench", "--out", str(folder))
    assert digest(folder) == before
    return line


@fault(
    "There is a folder, or a pipe, in the place of a file", "Everything; nobody waits for the pipe."
)
def pipe(folder: Path) -> str:
    write_run(folder)
    (folder / RECORDS).unlink()
    os.mkfifo(folder / RECORDS)
    return say("report", str(folder))


@fault(
    "The differences of a million passes are cut short on the disk",
    "Each block that is whole; the others run again.",
)
def cut(folder: Path) -> str:
    widths, seen = (2, 3, 1), []
    real = Passes.block

    def block(self: Passes, start: int, stop: int, value: float) -> Any:
        seen.append((start, stop))
        return real(self, start, stop, value)

    with (
        contextlib.redirect_stderr(io.StringIO()) as said,
        mock.patch.object(Passes, "block", block),
        mock.patch.object(million, "beside", return_value={}),  # which takes seconds
    ):
        million.run_million(folder, widths=widths, block_seconds=1e-9)
        origin = read_json(folder / MILLION[-1])
        write_json(folder / MILLION[-1], origin | {"finished": False})
        content = (folder / MILLION[1]).read_bytes()
        (folder / MILLION[1]).write_bytes(content[: len(content) // 2])
        seen.clear()
        said.truncate(0)
        million.run_million(folder, widths=widths, block_seconds=1e-9)
    assert (folder / MILLION[1]).read_bytes() == content
    kept = len(content) // 16
    assert len(seen) == len(content) // 8 - kept
    return said.getvalue().replace("\0", "").splitlines()[0].rpartition(": ")[2]


@fault("A link within the folder leads out of it", "What is outside; nothing is written.")
def link_out(folder: Path) -> str:
    write_run(folder / "run")
    (folder / "mine").mkdir()
    (folder / "run" / "figures").symlink_to(folder / "mine")
    line = say("report", str(folder / "run"))
    assert not list((folder / "mine").iterdir())
    return line


@fault("The folder is a link to another one", "Everything; the run is where the link leads.")
def linked(folder: Path) -> str:
    (folder / "there").mkdir()
    (folder / "results").symlink_to(folder / "there")
    assert judge(folder / "results", interrupt, 130)
    assert (folder / "there" / ACCURACY).exists()
    assert (folder / "results").is_symlink()
    return "(works)"


@fault("The folder is a link in a circle", "–")
def circle(folder: Path) -> str:
    (folder / "loop").symlink_to(folder / "loop")
    return say("report", str(folder / "loop"))


@fault("The folder holds somebody else's files of a name that a run gives", "They do, untouched.")
def foreign(folder: Path) -> str:
    (folder / "references.bib").write_text("@book{mine}")
    line = judge(folder, dict)
    assert (folder / "references.bib").read_text() == "@book{mine}"
    return line


@fault("`certify --all` into a project with a README.md", "It does, untouched.")
def readme(folder: Path) -> str:
    (folder / "README.md").write_text("# Mine")
    line = say("certify", "--all", "--out", str(folder))
    assert (folder / "README.md").read_text() == "# Mine"
    return line


@fault(
    "The list of figures is damaged, and names other files",
    "They are; the new run clears what it knows.",
)
def index(folder: Path) -> str:
    write_run(folder)
    (folder / "notes.txt").write_text("mine")
    files = ["notes.txt", "../notes.txt", RECORDS, "tab-x\0.csv", 3]
    write_json(folder / "index.json", {"items": [{"id": "tab-x", "files": files}]})
    begin.clear(folder)
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "previous" / RECORDS).exists()
    return "(works)"


@fault("Two runs write to one folder", "The first goes on.")
def two(folder: Path) -> str:
    with locked(folder):
        return say("accuracy", "island", "--out", str(folder))


@fault(
    "The folder is removed while a run writes to it",
    "Nothing that was in it; no folder is made anew.",
)
def removed(folder: Path) -> str:
    own = folder / "run"

    def remove() -> dict[str, Any]:
        shutil.rmtree(own)
        return {}

    line = judge(own, remove)
    assert not own.exists()
    return line


@fault(
    "The folder is removed, and another run begins in its place",
    "The other run's; nothing is mixed in.",
)
def taken(folder: Path) -> str:
    own, other = folder / "run", folder / "other"
    write_run(other)
    (other / disk.LOCK).touch()

    def take() -> dict[str, Any]:
        own.rename(folder / "gone")
        other.rename(own)
        return {}

    theirs = digest(other)
    line = judge(own, take)
    assert digest(own) == theirs
    return line


@fault(
    "The clock jumps: to 1970, to 2100, and back",
    "Limits and durations are by a clock that never jumps.",
)
def clock(folder: Path) -> str:
    with mock.patch.object(time, "time", side_effect=[0.0, 4102444800.0, -5.0] * 1000):
        path = folder / ACCURACY
        with contextlib.redirect_stdout(io.StringIO()):
            work = [accuracy.Task("kind", {"problem": name}, dict) for name in "abc"]
            accuracy.carry_out(work, path, seconds=60.0)
    assert [r["outcome"] for r in records_so_far(path)] == ["measured"] * 3
    return "(works)"


@fault(
    "Ctrl-C",
    "What was finished; a run writes the report of it, and a second Ctrl-C ends that. Status 130.",
)
def ctrl_c(folder: Path) -> str:
    return judge(folder, interrupt, 130, kept=True)


@fault(
    "SIGTERM or SIGHUP, from a scheduler or a terminal that closes",
    "What was finished; it ends at once. Status 143 or 129.",
)
def terminated(folder: Path) -> str:
    return judge(folder, sent(signal.SIGTERM), 128 + signal.SIGTERM, kept=True)


@fault(
    "SIGKILL, or the power is cut",
    "Every line before it, and every other file, old or new; the next run removes half a file.",
)
def killed(folder: Path) -> str:
    write_run(folder)
    half = folder / disk.PART.replace("*", "0123")
    half.write_bytes(b"half")
    with locked(folder):
        assert not half.exists()
    return "(works)"


def printed(number: int, status: int, _folder: Path) -> str:
    with (
        contextlib.redirect_stderr(io.StringIO()) as said,
        contextlib.redirect_stdout(Gone(number)),
    ):
        assert cli.main(["problems"]) == status
    return said.getvalue().strip() or "(nothing)"


fault(
    "The reader of a pipe is gone, as in `| head`",
    "A run goes on, as only its progress was shown. Status 141.",
)(partial(printed, errno.EPIPE, 141))
fault("Standard output is a full disk", "Everything; status 2.")(partial(printed, errno.ENOSPC, 2))


@fault("The folder that one is in was removed", "–")
def nowhere(_folder: Path) -> str:
    lost = OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    with mock.patch.object(os, "getcwd", mock.Mock(side_effect=lost)):
        assert "gone" in system.of_system(lost)
        return f"gradmethods: {system.of_system(lost)}"


def main() -> int:
    """Write the table anew."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    table = ["", "| what goes wrong | what is said | what is kept |", "|---|---|---|"]
    table += [tried(what) for what in FAULTS]
    PAGE.write_text("\n".join([f"{before}{BEGIN}", *table, "", f"{END}{after}"]), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
