"""A million forward passes, really run: black-box forward differences of a large network.

Every finished block of differences is on disk before the next one starts: a run that is killed, in
whatever way, goes on where it was with the same command and ``--resume``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods import problems
from gradmethods.cost.beside import beside
from gradmethods.cost.estimates import Estimate
from gradmethods.cost.passes import Passes, checksum
from gradmethods.cost.plan import duration
from gradmethods.cost.provenance import provenance
from gradmethods.cost.timing import quiet
from gradmethods.errors import GradientError
from gradmethods.problem import Problem
from gradmethods.report.files import (
    append_record,
    locked,
    read_json,
    records_so_far,
    write_json,
)

WIDTHS = (2, 1024, 1024, 1)
"""1,053,697 parameters: the widest network of the benchmark."""

BATCH = 1

RECORDS = "million.jsonl"
GRADIENT = "million-gradient.bin"
RESULT = "million.json"
PROVENANCE = "million-provenance.json"

BLOCK_SECONDS = 2.0
"""What a kill can lose."""

SAME = ("git", "machine", "python", "packages", "seed", "widths", "batch")
"""What a run that goes on must have in common with the one that it goes on with."""


def run_million(
    out: Path | str,
    *,
    resume: bool = False,
    widths: Sequence[int] = WIDTHS,
    batch: int = BATCH,
    seed: int = 0,
    block_seconds: float = BLOCK_SECONDS,
) -> dict[str, Any]:
    """Differentiate a network by n + 1 counted forward passes, beside faster methods.

    Parameters
    ----------
    out : path
        Folder to write to.
    resume : bool, default False
        Go on with the run in the folder; finished blocks are not run again.
    widths : sequence of int
        Units per layer.
    batch : int, default 1
        Examples.
    seed : int, default 0
        Of the network.
    block_seconds : float, default 2.0
        How long a block of passes takes, about.

    Returns
    -------
    dict
        The result: ``n``, ``calls`` (counted), and what ``differences``, ``backprop`` and
        ``reuse`` took and how far they are from the truth.

    Raises
    ------
    GradientError
        If there is no run to go on with, it was of other code or another network, or another run
        is writing to the folder.
    """
    folder = Path(out).resolve()
    problem = problems.get("mlp", widths=tuple(widths), batch=batch, seed=seed)
    with locked(folder):
        origin = provenance(
            [Path(sys.argv[0]).name, *sys.argv[1:]],
            seed=seed, widths=list(widths), batch=batch, finished=False,
        )  # fmt: skip
        if resume:
            _check_same(read_json(folder / PROVENANCE), origin)
        else:
            for name in (RECORDS, GRADIENT, RESULT):
                (folder / name).unlink(missing_ok=True)
            write_json(folder / PROVENANCE, origin)
        with quiet():
            gradient = _differences(folder, problem, block_seconds)
            result = _result(folder, problem, gradient)
        write_json(folder / RESULT, result)
        write_json(folder / PROVENANCE, read_json(folder / PROVENANCE) | {"finished": True})
    return result


def read_million(folder: Path) -> dict[str, Any] | None:
    """Read the result of a finished run; None if there is none."""
    result: dict[str, Any] | None = read_json(folder / RESULT)
    return result


def _differences(folder: Path, problem: Problem, block_seconds: float) -> NDArray[Any]:
    """Run the passes that are missing; return the gradient."""
    passes = Passes(problem)
    kept = _open(folder / GRADIENT, problem)
    records = records_so_far(folder / RECORDS)
    values = [record for record in records if record["key"] == "value"]
    if values:
        value = float(values[0]["value"])
    else:
        value, calls = passes.value()
        append_record(
            folder / RECORDS,
            {"key": "value", "outcome": "measured", "value": value, "calls": calls},
        )
    done = _finished(records, kept)
    missing = problem.size - sum(stop - start for start, stop in done)
    each = passes.pass_seconds()
    _say(f"{problem.size:,} parameters, {missing:,} forward passes to run")
    _say(f"a pass takes {duration(each)}: about {duration(missing * each)}")
    length = max(1, int(block_seconds / each))
    starts = [record["start"] for record in records if record["key"].startswith("block-")]
    for start, stop in _shown(_gaps(done, starts, problem.size, length), missing):
        block = passes.block(start, stop, value)
        kept[start:stop] = block.gradient
        kept.flush()  # differences first: a record says that they are there
        key = f"block-{start}"
        append_record(folder / RECORDS, {"key": key, "outcome": "measured", **block.record()})
    return np.array(kept)


def _open(path: Path, problem: Problem) -> Any:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.zeros(problem.size, problem.dtype).tofile(path)
    return np.memmap(path, problem.dtype, "r+", shape=(problem.size,))


def _finished(records: Sequence[Mapping[str, Any]], kept: NDArray[Any]) -> list[tuple[int, int]]:
    """List the blocks whose differences are whole on the disk, in order."""
    return sorted(
        (record["start"], record["stop"])
        for record in records
        if record["key"].startswith("block-")
        and checksum(kept[record["start"] : record["stop"]]) == record["checksum"]
    )


def _gaps(
    done: Sequence[tuple[int, int]], starts: Sequence[int], size: int, length: int
) -> Iterator[tuple[int, int]]:
    """Cut what lies between finished blocks into blocks, and also where damaged ones started.

    So the record of a block that is run again takes the place of the damaged one's.
    """
    at = 0
    for start, stop in [*done, (size, size)]:
        while at < start:
            end = min([at + length, start, *(cut for cut in starts if cut > at)])
            yield at, end
            at = end
        at = stop


def _shown(parts: Iterator[tuple[int, int]], total: int) -> Iterator[tuple[int, int]]:
    """Pass on blocks; show progress and the time left, as a bar or as a line a minute."""
    from tqdm import tqdm

    watched = sys.stderr.isatty()
    with tqdm(
        total=total, desc="forward passes", unit=" passes", unit_scale=True,
        mininterval=0.5 if watched else 60.0, file=sys.stderr, disable=total == 0,
    ) as bar:  # fmt: skip
        for start, stop in parts:
            yield start, stop
            bar.update(stop - start)


def _result(folder: Path, problem: Problem, gradient: NDArray[Any]) -> dict[str, Any]:
    """Put the counts and times of all blocks together, and measure the faster methods beside."""
    records = records_so_far(folder / RECORDS)
    blocks = [record for record in records if record["key"].startswith("block-")]
    (value,) = (record for record in records if record["key"] == "value")
    seconds = [block["seconds"] / (block["stop"] - block["start"]) for block in blocks]
    ratios = [own / block["loss"] for own, block in zip(seconds, blocks, strict=True)]
    ratio = Estimate.of(ratios)
    passes = problem.size + 1

    return {
        "network": "-".join(map(str, read_json(folder / PROVENANCE)["widths"])),
        "batch": len(problem.data["X"]),
        "n": problem.size,
        "calls": value["calls"] + sum(block["calls"] for block in blocks),
        "blocks": len(blocks),
        "loss": {"seconds": float(np.median([block["loss"] for block in blocks]))},
        "differences": {
            "seconds": sum(block["seconds"] for block in blocks),
            "processor": sum(block["processor"] for block in blocks),
            "ratio": {name: passes * getattr(ratio, name) for name in ("median", "low", "high")},
        },
        **beside(problem, problem.structure.split(gradient)),
    }


def _check_same(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> None:
    if before is None:
        raise GradientError("There is no run to go on with in this folder. Start a new one.")
    for name in SAME:
        if before.get(name) != now[name]:
            raise GradientError(
                f"Cannot go on with the run in this folder: its {name} was {before.get(name)}, now "
                f"it is {now[name]}. Start a new run without --resume."
            )


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
