"""Commands, run in this process, while the system or a file fails: what studies of faults share."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import gradmethods as gm
from gradmethods.app import cli
from gradmethods.app.runs import accuracy, bench, million
from gradmethods.app.runs import claims as ledger
from gradmethods.output import disk, figures
from gradmethods.output.files import ACCURACY, MILLION, PROVENANCE, read_json, records_so_far
from gradmethods.report import report_files
from gradmethods.report.summary import summary

Try = Callable[[Path], str]

FAULTS: dict[str, tuple[str, Try]] = {}
"""By what goes wrong: what is kept, and the function that tries it and returns what is said."""


def fault(what: str, kept: str) -> Callable[[Try], Try]:
    """Add a fault to the table."""

    def add(attempt: Try) -> Try:
        FAULTS[what] = kept, attempt
        return attempt

    return add


def tried(what: str) -> str:
    """Try a fault; return what goes wrong, what is seen, and what is kept, as a row of a table."""
    kept, attempt = FAULTS[what]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve() / "results"
        folder.mkdir()
        said = attempt(folder).replace(str(folder), "results").replace(str(folder.parent), "…")
    return f"| {what} | {said.removeprefix('gradmethods: ')} | {kept} |"


REFERENCE = Path(__file__).resolve().parents[1] / "results" / "reference"

NOW = read_json(REFERENCE / PROVENANCE, dict) | {"providers": [], "problems": []}
"""The provenance of the sample, which the runs that go on with it share."""

WIDTHS = (2, 3, 1)
"""Units per layer of the network that passes run through."""


@contextlib.contextmanager
def quickly(*, drawn: bool = False) -> Iterator[None]:
    """Let runs measure nothing, and, unless asked, reports draw nothing: here they but read."""
    nothing = contextlib.ExitStack()
    same = lambda *_, **more: NOW | more  # noqa: E731  # the run is gone on with
    few = partial(million.run_million, widths=WIDTHS, block_seconds=1e-9)
    whole = read_json(REFERENCE / "million" / MILLION[2], dict)
    beside = {name: whole[name] for name in ("backprop", "reuse", "errors", "certified")}
    patches: list[tuple[Any, str, Any]] = [
        (bench, "provenance", same), (million, "provenance", same),
        (million, "run_million", few), (million, "beside", lambda *_: beside),
        (bench, "run_cases", lambda *_, **__: 0), (bench, "fill", lambda *_, **__: None),
        (accuracy, "carry_out", lambda *_, **__: None),
        (bench, "claims_rows", lambda *_, **__: []), (ledger, "claims_rows", lambda *_, **__: []),
        (accuracy, "tasks", lambda *_, **__: []),
    ]  # fmt: skip
    if not drawn:
        patches.append((report_files, "page", lambda *_: ""))
        nothing.enter_context(mock.patch.dict(figures.FORMATS, {"wide": (), "column": ()}))
    for module, name, instead in patches:
        nothing.enter_context(mock.patch.object(module, name, instead))
    with nothing:
        yield


def digest(folder: Path) -> dict[str, str]:
    """Return what every file in a folder holds, as digests; of a link where it leads."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def said_by(arguments: list[str]) -> tuple[int, str]:
    """Run a command; return its status, and what it said on standard error."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as said,
    ):
        status = cli.main(arguments)
    return status, said.getvalue()


def say(*arguments: str, status: int = 2) -> str:
    """Run a command that ends with a status, and return the one line that it says."""
    with quickly():
        found, said = said_by(list(arguments))
    assert found == status, (found, said)
    (line,) = said.splitlines()
    return line


def counted(folder: Path) -> str:
    """Return what the summary of a run says of its damaged lines."""
    text = " ".join(summary(folder).split())
    return text[text.index("DAMAGED") :].partition(". ")[0] + "."


def judge(
    folder: Path, second: Callable[[], dict[str, Any]], status: int = 2, *, kept: bool = False
) -> str:
    """Judge two things, of which the second goes wrong; return what is said.

    If it is kept, the first has a record that is whole, and the run is not finished.
    """
    work = [
        accuracy.Task("kind", {"problem": "a"}, dict),
        accuracy.Task("kind", {"problem": "b"}, second),
    ]
    with (
        mock.patch.object(accuracy, "tasks", return_value=work),
        mock.patch.object(accuracy, "write_report", return_value=[]),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as said,
    ):
        found = cli.main(["accuracy", "island", "--out", str(folder)])
    assert found == status, (found, said.getvalue())
    if kept:
        assert records_so_far(folder / ACCURACY)[0]["outcome"] == "measured"
        assert (folder / ACCURACY).read_bytes().endswith(b"}\n")
        assert read_json(folder / PROVENANCE)["finished"] is False
    assert not list(folder.rglob(disk.PART))
    (line,) = said.getvalue().splitlines()
    return line


@contextlib.contextmanager
def refused(number: int, name: str) -> Iterator[None]:
    """Let the system take half of what is written to files of a name, or to any, and then fail."""
    real = disk._write

    def write(path: Path, how: int, content: bytes, place: int | None = None) -> None:
        target = name in (path.name, "any") or (name == "whole" and path.match(disk.PART))
        if target:
            if number in (errno.ENOSPC, errno.EFBIG):
                real(path, how, content[: len(content) // 2], place)
            raise OSError(number, os.strerror(number), str(path))
        real(path, how, content, place)

    with mock.patch.object(disk, "_write", write):
        yield


def interrupt() -> dict[str, Any]:
    """Press Ctrl-C."""
    raise KeyboardInterrupt


def sent(number: int) -> Callable[[], dict[str, Any]]:
    """Send this process a signal that somebody waits for."""

    def send() -> dict[str, Any]:
        assert signal.getsignal(number) is not signal.SIG_DFL  # which would end the tests
        signal.raise_signal(number)
        return {}

    return send


class Gone(io.StringIO):
    """A pipe whose reader is gone, or a disk that is full."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def write(self, _text: str) -> int:
        raise OSError(self.number, os.strerror(self.number))


class Interrupting:
    """Backpropagation whose user presses Ctrl-C during some gradient, counted over all problems."""

    name = "interrupting"

    def __init__(self, at: int) -> None:
        self.at, self.calls, self.own = at, 0, gm.Backprop().prepare

    def obstacle(self, problem: gm.Problem) -> None:
        return None

    def prepare(self, problem: gm.Problem) -> Any:
        prepared = self.own(problem)

        def gradient(params: Any) -> Any:
            self.calls += 1
            if self.calls == self.at:
                raise KeyboardInterrupt
            return prepared(params)

        return gradient
