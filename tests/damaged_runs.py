"""Damage the folder of a run in random ways, and let every command that reads one have it.

``python -m tests.damaged_runs --seeds 0:1000`` prints each seed after which a command did anything
else than its work, or than to say in two lines what is wrong; ``--show SEED`` shows the traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import shutil
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gradmethods.app.runs import million
from gradmethods.output.disk import LOCK, PART
from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    DERIVATIONS,
    PROVENANCE,
    RECORDS,
    append_record,
    read_json,
    records_so_far,
    write_json,
)
from tests.failing import NOW, REFERENCE, digest, quickly, said_by

KEPT: dict[str, tuple[Callable[[dict[str, Any]], Any], int]] = {
    RECORDS: (lambda r: (r["sweep"], r["provider"], r["outcome"]), 3),
    ACCURACY: (lambda r: (r["kind"], r["outcome"]), 2),
    CLAIMS: (lambda r: r["id"], 1),
}
"""What tells records from their like, and how many of each are enough, by file."""


def write_sample(folder: Path) -> None:
    """Write a small run, with something of each kind that the reference run has."""
    origin = {name: value for name, value in NOW.items() if name != "name"}
    write_json(folder / PROVENANCE, origin)
    for file, (kind, number) in KEPT.items():
        seen: Counter[Any] = Counter()
        for record in records_so_far(REFERENCE / file):
            seen[kind(record)] += 1
            if seen[kind(record)] <= number:
                append_record(folder / file, record)
    shutil.copy(REFERENCE / DERIVATIONS, folder)
    with quickly(), contextlib.redirect_stderr(io.StringIO()):
        million.run_million(folder / "million")
    write_json(folder / "previous" / PROVENANCE, origin)
    for record in records_so_far(REFERENCE / RECORDS)[:12]:
        append_record(folder / "previous" / RECORDS, record)
    (folder / "tables").mkdir()
    (folder / "tables" / "tab-training-island.csv").write_text(
        "provider,epochs,loss,accuracy,seconds\nbackprop,10,0.5,0.9,0.1\nnumerical,10,0.5,0.9,2\n"
    )
    items = [{
        "id": "tab-training-island", "kind": "table", "title": "T", "text": "t", "method": "m",
        "data": "tables/tab-training-island.csv", "files": ["tables/tab-training-island.csv"],
    }]  # fmt: skip
    write_json(folder / "index.json", {"run": "abc", "provenance": origin, "items": items})


BYTES: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "empty": lambda _, __: b"",
    "truncated": lambda own, old: old[: own.randrange(len(old) + 1)],
    "one bit flipped": lambda own, old: flipped(own, old, 1),
    "many bits flipped": lambda own, old: flipped(own, old, 50),
    "zeros": lambda own, old: spliced(own, old, bytes(own.choice([1, 8, 512, 4096]))),
    "noise": lambda own, old: spliced(own, old, own.randbytes(own.choice([1, 100, 5000]))),
    "a piece is gone": lambda own, old: spliced(own, old, b"", own.choice([1, 10, 1000])),
    "a piece stands twice": lambda own, old: spliced(own, old, old[own.randrange(len(old) + 1) :]),
    "UTF-16": lambda _, old: old.decode(errors="replace").encode("utf-16"),
    "Latin-1": lambda _, old: old.replace(b'"', b'"\xe9', 3),
    "a mark before UTF-8": lambda _, old: b"\xef\xbb\xbf" + old,
    "lines of Windows": lambda _, old: old.replace(b"\n", b"\r\n"),
    "a list": lambda _, __: b"[]",
    "a bomb": lambda own, _: b'{"a":' * (n := own.choice([70, 900, 100_000])) + b"1" + b"}" * n,
}
"""Ways to damage the bytes of a file."""


def flipped(own: random.Random, old: bytes, number: int) -> bytes:
    """Flip some bits."""
    new = bytearray(old)
    for _ in range(number if new else 0):
        new[own.randrange(len(new))] ^= 1 << own.randrange(8)
    return bytes(new)


def spliced(own: random.Random, old: bytes, piece: bytes, length: int = 0) -> bytes:
    """Put a piece in the place of others, somewhere."""
    place = own.randrange(len(old) + 1)
    return old[:place] + piece + old[place + length :]


VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 3, 2**53, 2**63 - 1, -(2**63), 2**64, 10**400, 0.5, -0.0, 1e308,
    -1e308, 5e-324, float("nan"), float("inf"), "", "x", "a" * 10_000, "a\0b", "\ud800",
    "../../outside/kept", "/etc/passwd", "$x^{", "\\frac{", "<script>alert(1)</script>",
    "=1+1", "1e999", "nan", "__import__('os').abort()", "2026-13-45", "width", "backprop", [],
    {}, [[]], [{}], {"a": {}}, [None], [1, 2], ["x"], {"median": None}, {"median": 1.0},
    [0.0] * 1000,
)  # fmt: skip
"""Values to stand in the place of others."""


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """List every place within a value: what holds it, and its name or number there."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def changed(own: random.Random, value: Any) -> Any:
    """Return a value with an entry changed, taken away or added."""
    where = list(places(value))
    if not where:
        return own.choice(VALUES)
    holder, key = own.choice(where)
    how = own.random()
    if how < 0.6:
        holder[key] = own.choice(VALUES)
    elif how < 0.8:
        del holder[key]
    elif how < 0.9 and isinstance(holder, dict):
        holder[f"{key} "] = holder.pop(key)
    elif isinstance(holder, dict):
        holder["later"] = own.choice(VALUES)
    else:
        holder.insert(0, own.choice(VALUES))
    return value


def rewritten(own: random.Random, path: Path) -> None:
    """Change an entry in a file, as a newer version or a careless hand would; checksums hold."""
    if path.suffix == ".jsonl":
        lines = path.read_bytes().splitlines()
        for _ in range(own.choice([1, 1, 3])):
            number = own.randrange(len(lines))
            record = json.loads(lines[number])
            record.pop("crc", None)
            text = json.dumps(changed(own, record)).encode().removesuffix(b"}")
            lines[number] = text + b', "crc": "%08x"}' % zlib.crc32(text)
        path.write_bytes(b"\n".join(lines) + b"\n")
    elif path.suffix == ".json":
        path.write_text(json.dumps(changed(own, json.loads(path.read_bytes()))))
    elif path.suffix == ".bin":
        path.write_bytes(flipped(own, path.read_bytes(), 1))
    else:
        cells = path.read_text().split(",")
        cells[own.randrange(len(cells))] = str(own.choice(VALUES)).encode(errors="replace").decode()
        path.write_text(",".join(cells))


def replaced(own: random.Random, path: Path, outside: Path) -> str:
    """Put something else in the place of a file."""
    how = own.choice(["a folder", "a link out", "a dangling link", "a circle", "a pipe", "nothing"])
    path.unlink()
    if how == "a folder":
        path.mkdir()
    elif how == "a link out":
        path.symlink_to(outside / "kept")
    elif how == "a dangling link":
        path.symlink_to(outside / "absent")
    elif how == "a circle":
        path.symlink_to(path)
    elif how == "a pipe":
        os.mkfifo(path)
    return how


def damage(own: random.Random, folder: Path, outside: Path) -> str:
    """Damage the folder of a run somewhere; say how."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != LOCK)
    path = own.choice(files)
    how = own.random()
    if how < 0.55:
        rewritten(own, path)
        return f"{path.name}: an entry changed"
    if how < 0.85:
        name = own.choice(list(BYTES))
        path.write_bytes(BYTES[name](own, path.read_bytes()))
        return f"{path.name}: {name}"
    if how < 0.95:
        return f"{path.name}: {replaced(own, path, outside)} in its place"
    if how < 0.98:
        place = own.choice(["figures", "tables", "million", "previous"])
        shutil.rmtree(folder / place, ignore_errors=True)
        (folder / place).symlink_to(outside)
        return f"{place}: a link out"
    origin = read_json(folder / PROVENANCE) | {"format": own.choice([2, 99, "2", 2.5, None])}
    write_json(folder / PROVENANCE, origin)
    return "another format"


def commands(folder: Path, whole: Path, out: Path) -> dict[str, list[str]]:
    """List the commands that read the folder of a run; `whole` is an undamaged one."""
    return {
        "report": ["report", str(folder)],
        "publish": ["report", str(folder), "--publish", str(out / "published")],
        "over": ["report", str(whole), "--publish", str(folder)],
        "diff": ["diff", str(whole), str(folder), "--out", str(out / "diff.html")],
        "diff back": ["diff", str(folder), str(whole), "--fail-on", "slower=10%"],
        "bench": ["bench", "--out", str(folder), "--resume"],
        "bench anew": ["bench", "--out", str(folder)],
        "claims": ["claims", "--records", str(folder), "--out", str(out / "claims")],
        "claims within": ["claims", "--out", str(folder)],
        "accuracy": ["accuracy", "island", "--out", str(folder)],
        "million": ["million", "--out", str(folder / "million"), "--resume"],
        "cite": ["cite", "tab-training-island", "--run", str(folder)],
        "cite run": ["cite", "--run", str(folder)],
    }


READS = ("publish", "diff", "diff back", "claims", "cite", "cite run")
"""Commands that change nothing in the folder."""


def attack(seed: int, sample: Path, place: Path, *, drawn: bool = False) -> tuple[str, str, str]:
    """Damage a copy of a run and let a command have it.

    Returns
    -------
    tuple of str
        How it was damaged, the command, and what it said.

    Raises
    ------
    AssertionError
        If a file is touched that is none of the run's, or too much is said.
    Exception
        Whatever the command raises.
    """
    own = random.Random(seed)
    run, outside, out = place / "run", place / "outside", place / "out"
    shutil.copytree(sample, run)
    outside.mkdir()
    out.mkdir()
    (outside / "kept").write_text('{"key": "mine", "outcome": "gap"}\n')
    (outside / "fig-time-width.svg").write_text("mine")
    how = damage(own, run, outside)
    (run / "notes.txt").write_text("mine")
    before, theirs = digest(run), digest(outside)
    name, arguments = own.choice(list(commands(run, sample, out).items()))
    with quickly(drawn=drawn):
        status, said = said_by(arguments)
    assert digest(outside) == theirs, f"{how}, {name}: a file outside was touched"
    after = digest(run)
    assert after["notes.txt"] == before["notes.txt"], f"{how}, {name}: a note was touched"
    if name in READS:
        after.pop(LOCK, None)
        assert after == before, f"{how}, {name}: it only reads"
    assert not list(place.rglob(PART)), f"{how}, {name}: a part of a file stayed"
    assert "Warning" not in said, f"{how}, {name}: {said}"
    last = said.splitlines()[-1:]
    if status == 2:
        assert last, f"{how}, {name}: nothing was said"
        assert last[0].startswith("gradmethods: "), f"{how}, {name}: {said}"
    assert status in (0, 1, 2), f"{how}, {name}: status {status}"
    return how, name, f"{status} {''.join(last)}"


def main(arguments: list[str] | None = None) -> int:
    """Attack with many seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:200", help="first:end")
    parser.add_argument("--show", type=int, help="this one, with its traceback")
    parser.add_argument("--drawn", type=int, default=0, help="with figures, every so many seeds")
    options = parser.parse_args(arguments)
    first, end = map(int, options.seeds.split(":"))
    seeds = range(first, end) if options.show is None else [options.show]
    outcomes: Counter[str] = Counter()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample"
        sample.mkdir()
        write_sample(sample)
        for seed in seeds:
            drawn = bool(options.drawn) and seed % options.drawn == 0
            with tempfile.TemporaryDirectory() as place:
                try:
                    how, name, said = attack(seed, sample, Path(place), drawn=drawn)
                except (Exception, SystemExit) as error:
                    if options.show is not None:
                        raise
                    failed += 1
                    sys.stdout.write(f"{seed}: {type(error).__name__}: {error}"[:300] + "\n")
                    sys.stdout.flush()
                    continue
            outcomes[said[:1]] += 1
            if options.show is not None:
                sys.stdout.write(f"{how}, {name}: {said}\n")
    number = sum(outcomes.values()) + failed
    sys.stdout.write(f"{number} attacks, {failed} failed; by status {dict(outcomes)}\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
