"""Reading and writing the files of a run, so that a killed run leaves nothing half written.

Records are appended a line at a time and forced to disk; every other file appears as a whole.
"""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradmethods.core.naming import UNKNOWN, printable
from gradmethods.errors import GradientError, InvalidOption

if TYPE_CHECKING:
    import pandas as pd

RECORDS = "records.jsonl"
PROVENANCE = "provenance.json"
ACCURACY = "accuracy.jsonl"
DERIVATIONS = "derivations.json"
CLAIMS = "claims.jsonl"
PYTEST = "pytest-benchmark.json"

MILLION = ("million.jsonl", "million-gradient.bin", "million.json", "million-provenance.json")
"""Records, gradient, result and provenance of a million passes, which may lie beside the others."""

ESCAPED = "backslashreplace"
"""How JSON writes what UTF-8 cannot: half a character of UTF-16, which names of files may hold."""

CHECKED = re.compile(rb'(.*), "crc": "([0-9a-f]{8})"}', re.DOTALL)
"""A line of records, and at its end the CRC-32 of what stands before."""


FORMULA = "=+-@＝＋－＠"  # spreadsheets take the wide ones for the others
"""What a cell begins with that spreadsheets take for a formula."""

_CONTROLS = {*range(32), *range(127, 160), 0xFFFE, 0xFFFF}.difference(map(ord, "\n\t"))

_UNWRITABLE = dict.fromkeys(_CONTROLS, UNKNOWN)
"""Control characters, for which XML and HTML have no way to write them."""


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file as a whole: readers see the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target: os.replace is atomic only within a file system.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # mkstemp makes files that nobody else may read
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def write_text(path: Path, text: str) -> Path:
    """Write a text as a whole, in UTF-8, with the same line ends everywhere."""
    return write_bytes(path, as_text(text))


def as_text(text: str) -> bytes:
    """Encode a text without what would make it malformed."""
    return text.translate(_UNWRITABLE).encode(errors="replace")


def csv_text(frame: pd.DataFrame, *, index: bool = False) -> str:
    r"""Return a table as CSV, in which no text is a formula or ends a line.

    Examples
    --------
    >>> import pandas as pd
    >>> print(csv_text(pd.DataFrame({"name": ["=1+1", "-1.5", "a\nb"], "x": [1.0, -2.5, 0.1]})))
    name,x
    '=1+1,1.0
    -1.5,-2.5
    a b,0.1
    <BLANKLINE>
    """
    from pandas.api.types import is_numeric_dtype

    words = [column for column in frame if not is_numeric_dtype(frame[column])]
    safe = frame.copy()
    for column in words:
        safe[column] = [_cell(value) for value in frame[column]]
    safe = safe.rename(columns=_cell, index=_cell)
    text: str = safe.to_csv(index=index, lineterminator="\n")
    return text


def _cell(value: Any) -> Any:
    """Return a cell, of a text such that it stays text: an apostrophe says so to spreadsheets."""
    if not isinstance(value, str):
        return value
    text = printable(value)
    if text[:1] not in FORMULA or not text:
        return text
    with suppress(ValueError):
        float(text)
        return text
    return f"'{text}"


def write_json(path: Path, value: Any) -> Path:
    """Write plain values as JSON."""
    text = json.dumps(_plain(value), indent=2, ensure_ascii=False) + "\n"
    return write_bytes(path, text.encode(errors=ESCAPED))


def read_json(path: Path, kind: type = object) -> Any:
    """Read a JSON file; None if there is none.

    Raises
    ------
    GradientError
        If it is empty, damaged or no JSON, or holds something else than a `kind`.
    """
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise unreadable(path, str(error)) from error
    if not isinstance(found, kind):
        raise unreadable(path, f"expected a {kind.__name__}, got {type(found).__name__}")
    return found


def unreadable(path: Path, why: str) -> GradientError:
    """Make the error for a file of a run that cannot be what a run wrote."""
    return GradientError(
        f"{path} cannot be read: {printable(why)}. Restore it, or remove it and run again, or "
        "choose another folder."
    )


@contextmanager
def read_from(path: Path) -> Iterator[None]:
    """Say of what file a record is that cannot be read.

    Raises
    ------
    GradientError
        In place of an error that can be one of records that no run wrote.
    """
    try:
        yield
    except GradientError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        why = f"it holds what no run wrote ({type(error).__name__}: {error})"
        raise unreadable(path, why) from error


def append_record(path: Path, record: Mapping[str, Any]) -> None:
    """Append one record as a line, and return once it is on the disk.

    The line bears the name of its run, if the folder's provenance has one, and a checksum.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    run = _run(path)
    entry = _plain(record) | ({} if run is None else {"run": run})
    line = json.dumps(entry, ensure_ascii=False, allow_nan=False).encode(errors=ESCAPED)
    line = line.removesuffix(b"}")
    line += b', "crc": "%08x"}\n' % zlib.crc32(line)
    with path.open("ab+") as file:
        # A line torn by a kill must not swallow this one.
        torn = file.tell() > 0 and _last_byte(file) != b"\n"
        file.write(b"\n" * torn + line)
        file.flush()
        os.fsync(file.fileno())


def read_records(path: Path) -> list[dict[str, Any]]:
    """Read the records of a run; of two with one key the later counts.

    Raises
    ------
    GradientError
        If there is no file, or no record in it.
    """
    if not path.exists():
        raise GradientError(
            f"There are no records at {path}. Run `gradmethods bench --out {path.parent}` first."
        )
    records = records_so_far(path)
    if not records:
        raise GradientError(f"{path} holds no finished case. Run `gradmethods bench` again.")
    return records


def records_so_far(path: Path) -> list[dict[str, Any]]:
    """Read the records of a run that may have none yet.

    Lines that are not whole, or of another run, are passed over; `left_out` tells of them.
    """
    return list(_read(path)[0].values())


def left_out(path: Path) -> list[str]:
    """Say which lines of a file of records do not count, and why.

    Examples
    --------
    >>> left_out(Path("no-such-folder/records.jsonl"))
    []
    """
    return _read(path)[1]


def _read(path: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Read records by their keys, and what is wrong with other lines."""
    run = _run(path)
    records, faults = {}, []
    content = path.read_bytes() if path.exists() else b""
    for number, line in enumerate(content.splitlines(), start=1):
        record, fault = _record(line, run)
        if record is not None:
            records[str(record["key"])] = record
        elif fault:
            faults.append(f"line {number} of {path.name} is {fault}")
    return records, faults


def _record(line: bytes, run: str | None) -> tuple[dict[str, Any] | None, str]:
    """Return the record in a line, or None and what the line is instead."""
    checked = CHECKED.fullmatch(line)
    if checked is not None:
        whole = int(checked[2], 16) == zlib.crc32(checked[1])
        line = checked[1] + b"}"
    else:
        whole = run is None  # records of older versions have neither names nor checksums
    if not line.strip():
        return None, ""
    try:
        record = json.loads(line) if whole else None
    except (ValueError, RecursionError):
        record = None
    if record is None:
        return None, "torn or damaged"
    if not (isinstance(record, dict) and {"key", "outcome"} <= record.keys()):
        return None, "no record"
    name = record.pop("run", None)
    return (record, "") if run in (None, name) else (None, f"of another run, {name}")


def _run(path: Path) -> str | None:
    """Return the name of the run that a file of records belongs to; older runs have none."""
    origin = read_json(path.with_name(MILLION[-1] if path.name in MILLION else PROVENANCE), dict)
    return (origin or {}).get("run_id")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder for as long as this one writes to it.

    The lock is the operating system's: it is gone with the process, however that ends.

    Raises
    ------
    GradientError
        If another run has it.
    """
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout:
        raise GradientError(
            f"Another run is writing to {folder}. Wait for its end, or choose another folder."
        ) from None


def check_target(path: Path) -> Path:
    """Refuse a file that could not be written, before the work whose result it should hold.

    Raises
    ------
    InvalidOption
        If the path is a folder, or lies where nothing can be written.
    """
    if path.is_dir():
        raise InvalidOption(f"{path} is a folder; give the name of a file.")
    nearest = next(parent for parent in path.absolute().parents if parent.exists())
    if not nearest.is_dir() or not os.access(path if path.exists() else nearest, os.W_OK):
        raise InvalidOption(f"{path} cannot be written: no files can be made in {nearest}.")
    return path


def _last_byte(file: Any) -> bytes:
    file.seek(-1, os.SEEK_END)
    last: bytes = file.read(1)
    return last


def _plain(value: Any) -> Any:
    """Replace what JSON has no word for: NaN becomes null, infinities become strings."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if hasattr(value, "item"):  # a NumPy scalar
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
