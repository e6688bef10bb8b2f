"""Reading and writing the files of a run, so that a killed run leaves nothing half written.

Records are appended a line at a time; every other file appears as a whole. What a file holds is
checked here before anybody takes it for true. Nothing that is read is executed.
"""

from __future__ import annotations

import json
import math
import os
import re
import traceback
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any

from gradmethods.core.naming import UNKNOWN, printable
from gradmethods.errors import GradientError, InvalidOption
from gradmethods.output.disk import append_line, content_of, unreadable, write_bytes

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

FORMAT = 1
"""The version of the layout of records, which their provenance names."""

ORIGIN: dict[str, type | UnionType] = {
    "format": int,
    **dict.fromkeys(("command", "date", "python", "run_id", "name", "source"), str),
    **dict.fromkeys(("machine", "packages", "phases"), dict),
    "git": dict | None,
    **dict.fromkeys(("finished", "reported"), bool),
}
"""What the entries of a provenance are that commands read."""

DEEPEST = 64
"""Number of levels of lists and dictionaries in what a run writes, at most."""

CHECKED = re.compile(rb'(.*), "crc": "([0-9a-f]{8})"}', re.DOTALL)
"""A line of records, and at its end the CRC-32 of what stands before."""

OWN = ("key", "outcome")
"""What every record has: a name, and whether there is a result."""


FORMULA = "=+-@＝＋－＠"  # spreadsheets take the wide ones for the others
"""What a cell begins with that spreadsheets take for a formula."""

_CONTROLS = {*range(32), *range(127, 160), 0xFFFE, 0xFFFF}.difference(map(ord, "\n\t"))

_UNWRITABLE = dict.fromkeys(_CONTROLS, UNKNOWN)
"""Control characters, for which XML and HTML have no way to write them."""


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
    content = content_of(path)
    if content is None:
        return None
    try:
        found = parsed(content)
    except ValueError as error:
        raise unreadable(path, str(error)) from error
    if not isinstance(found, kind):
        raise unreadable(path, f"expected a {kind.__name__}, got {type(found).__name__}")
    return found


def read_origin(path: Path) -> dict[str, Any] | None:
    """Read the provenance of a run; None if there is none.

    Raises
    ------
    GradientError
        If it is damaged, or that of a newer version, which may mean something else by its records.
    """
    found: dict[str, Any] | None = read_json(path, dict)
    if found is None:
        return None
    version = found.get("format", FORMAT)
    if type(version) is int and version > FORMAT:
        raise GradientError(
            f"{path} was written by a newer version of gradmethods: it has format {version}, and "
            f"this version reads formats up to {FORMAT}. Install the newer version, or choose "
            "another folder."
        )
    for name, kind in ORIGIN.items():
        if name in found and not isinstance(found[name], kind):
            raise unreadable(path, f"it holds what no run wrote as {name!r}")
    if not all(isinstance(seconds, int | float) for seconds in found.get("phases", {}).values()):
        raise unreadable(path, "it holds what no run wrote as 'phases'")
    return found


def parsed(content: bytes) -> Any:
    """Parse JSON as a run writes it.

    Raises
    ------
    ValueError
        If it is anything else: another encoding, a key that stands twice, nesting without end, or
        numbers that are not finite or have more than 64 bits.

    Examples
    --------
    >>> parsed(b'{"n": 3}')
    {'n': 3}
    >>> parsed(b'{"n": 3, "n": 4}')
    Traceback (most recent call last):
        ...
    ValueError: the key 'n' stands twice
    """
    try:
        found = json.loads(content.decode(), object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    level = [found]
    for _ in range(DEEPEST):
        for value in level:
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{value} is no number that a run writes")
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                raise ValueError("it holds a number of more than 64 bits")
        level = [
            child
            for value in level
            if isinstance(value, dict | list)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return found
    raise ValueError("it is nested too deeply")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice")
    return found


@contextmanager
def read_from(path: Path) -> Iterator[None]:
    """Say of what file a record is that cannot be read.

    What is recorded is checked by what is made of it: a record may be whole and yet be none that
    this version wrote, with a text in the place of a number, or a number that no picture can show.

    Raises
    ------
    GradientError
        In place of any other error, whose cause it is; it says where that was raised.
    """
    try:
        yield
    except (GradientError, OSError, MemoryError):
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        why = f"it holds what no run wrote ({type(error).__name__}: {error}, in {where})"
        raise unreadable(path, why) from error


def append_record(path: Path, record: Mapping[str, Any]) -> None:
    """Append one record as a line, and return once it is on the disk.

    The line bears the name of its run, if the folder's provenance has one, and a checksum. If it
    cannot be written as a whole, none of it stays.
    """
    run = _run(path)
    entry = _plain(record) | ({} if run is None else {"run": run})
    line = json.dumps(entry, ensure_ascii=False, allow_nan=False).encode(errors=ESCAPED)
    line = line.removesuffix(b"}")
    line += b', "crc": "%08x"}' % zlib.crc32(line)
    append_line(path, line)


def read_records(path: Path) -> list[dict[str, Any]]:
    """Read the records of a run; of two with one key the later counts.

    Raises
    ------
    GradientError
        If there is no file, or no record in it.
    """
    if content_of(path) is None:
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


def faults_of(folder: Path) -> list[str]:
    """Say which lines of all records of a run do not count, and why."""
    return [fault for name in (RECORDS, ACCURACY, CLAIMS) for fault in left_out(folder / name)]


def _read(path: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Read records by their keys, and what is wrong with other lines."""
    run = _run(path)
    records, faults = {}, []
    for number, line in enumerate((content_of(path) or b"").splitlines(), start=1):
        record, fault = _record(line, run)
        if record is not None:
            records[record["key"]] = record
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
        record = parsed(line) if whole else None
    except ValueError:
        record = None
    if record is None:
        return None, "torn or damaged"
    if not (isinstance(record, dict) and all(isinstance(record.get(name), str) for name in OWN)):
        return None, "no record"
    name = record.pop("run", None)
    return (record, "") if run in (None, name) else (None, f"of another run, {name}")


def _run(path: Path) -> str | None:
    """Return the name of the run that a file of records belongs to; older runs have none."""
    origin = read_origin(path.with_name(MILLION[-1] if path.name in MILLION else PROVENANCE))
    return (origin or {}).get("run_id")


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
