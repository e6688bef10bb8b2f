"""A million forward passes, really run: black-box forward differences of a large network.

Every finished block of differences is on disk before the next one starts: a run that is killed, in
whatever way, goes on where it was with the same command.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods import problems
from gradmethods.app.runs.begin import begin, difference, move_aside, say
from gradmethods.core.distance import gradient_error
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.errors import BudgetExceeded
from gradmethods.output.disk import content_of, write_part
from gradmethods.output.files import (
    MILLION,
    append_record,
    read_from,
    read_json,
    read_origin,
    records_so_far,
    write_json,
)
from gradmethods.output.format import duration
from gradmethods.output.run_folder import folder_of, locked
from gradmethods.providers.backprop import Backprop
from gradmethods.providers.numerical import Numerical
from gradmethods.timing.bootstrap import Estimate
from gradmethods.timing.difference_blocks import Passes, finished, missing_blocks
from gradmethods.timing.provenance import provenance
from gradmethods.timing.timing import measure, quiet

WIDTHS = (2, 1024, 1024, 1)
"""1,053,697 parameters: the widest network of the benchmark."""

BATCH = 1

RECORDS, GRADIENT, RESULT, PROVENANCE = MILLION

BLOCK_SECONDS = 2.0
"""Number of seconds of a block: a run that is killed loses no more."""

AFTER = 30.0
"""Number of seconds of a time limit kept for measuring the faster methods."""

OPTIONS = ("widths", "batch")
"""Options that a run must share with one that it resumes, beside code and machine."""


def run_million(
    out: Path | str,
    *,
    resume: bool | None = None,
    widths: Sequence[int] = WIDTHS,
    seed: int = 0,
    block_seconds: float = BLOCK_SECONDS,
    seconds: float | None = None,
) -> dict[str, Any]:
    """Differentiate a network by n + 1 counted forward passes, beside faster methods.

    Parameters
    ----------
    out : path
        Folder to write to. An earlier run there moves to ``previous/``.
    resume : bool, optional
        By default an unfinished run in the folder is gone on with if it is the same: finished
        blocks are not run again. True insists on that, False on a new run.
    widths : sequence of int
        Units per layer.
    seed : int, default 0
        Of the network.
    block_seconds : float, default 2.0
        How long a block of passes takes, about.
    seconds : float, optional
        Time limit; none by default.

    Returns
    -------
    dict
        The result: ``n``, ``calls`` (counted), and what ``differences``, ``backprop`` and
        ``reuse`` took and how far they are from the truth.

    Raises
    ------
    GradientError
        If there is no run to go on with although one was asked for, or another run is writing to
        the folder.
    BudgetExceeded
        If the passes would take longer than the limit, or did; what was finished is kept.
    """
    end = None if seconds is None else time.monotonic() + seconds - AFTER
    folder = folder_of(out)
    problem = problems.get("mlp", widths=tuple(widths), batch=BATCH, seed=seed)
    with locked(folder):
        origin = begin(
            folder / PROVENANCE,
            _origin(widths, seed),
            options=OPTIONS,
            resume=resume,
            kept=lambda: _kept(folder, problem),
            clear=lambda: move_aside(folder, MILLION),
        )
        with quiet():
            gradient = _differences(folder, problem, block_seconds, end)
            result = _result(folder, problem, gradient)
        write_json(folder / RESULT, result)
        write_json(folder / PROVENANCE, origin | {"finished": True})
    return result


def is_finished(
    out: Path,
    *,
    widths: Sequence[int] = WIDTHS,
    seed: int = 0,
) -> bool:
    """Return whether a folder holds the result of such a run, by this code on this machine."""
    before = read_origin(out / PROVENANCE)
    now = _origin(widths, seed)
    if before is None or difference(before, now, OPTIONS) is not None:
        return False
    return before.get("finished") is True and (out / RESULT).exists()


def size(widths: Sequence[int]) -> int:
    """Return the number of parameters of a network.

    Examples
    --------
    >>> size((2, 3, 1))
    13
    """
    return sum((inputs + 1) * outputs for inputs, outputs in pairwise(widths))


def _origin(widths: Sequence[int], seed: int) -> dict[str, Any]:
    command = [Path(sys.argv[0]).name, *sys.argv[1:]]
    return provenance(command, seed=seed, widths=list(widths), batch=BATCH)


def read_million(folder: Path) -> dict[str, Any] | None:
    """Read the result of a finished run; None if there is none."""
    result: dict[str, Any] | None = read_json(folder / RESULT, dict)
    return result


def _kept(folder: Path, problem: Problem) -> str:
    with read_from(folder / RECORDS):
        done = finished(records_so_far(folder / RECORDS), _kept_gradient(folder, problem))
    passes = sum(stop - start for start, stop in done)
    return f"{passes:,} of {problem.size:,} passes are kept"


def _differences(
    folder: Path, problem: Problem, block_seconds: float, end: float | None
) -> NDArray[Any]:
    """Run the missing passes until a given time, and return the gradient."""
    passes = Passes(problem)
    kept = _kept_gradient(folder, problem)
    records = records_so_far(folder / RECORDS)
    with read_from(folder / RECORDS):
        values = [float(record["value"]) for record in records if record["key"] == "value"]
        done = finished(records, kept)
        missing = problem.size - sum(stop - start for start, stop in done)
        starts = [int(record["start"]) for record in records if record["key"].startswith("block-")]
    if values:
        value = values[0]
    else:
        value, calls = passes.value()
        append_record(
            folder / RECORDS,
            {"key": "value", "outcome": "measured", "value": value, "calls": calls},
        )
    each = passes.pass_seconds()
    expected = f"{missing:,} forward passes × {duration(each)}"
    if missing:
        _check_time(end, missing * each, f"Estimated {duration(missing * each)} for {expected}")
    say(f"{problem.size:,} parameters: {expected} are about {duration(missing * each)}")
    length = max(1, int(block_seconds / each))
    for start, stop in _shown(missing_blocks(done, starts, problem.size, length), missing):
        block = passes.block(start, stop, value)
        kept[start:stop] = block.gradient
        # Differences first: a record says that they are there.
        write_part(folder / GRADIENT, start * kept.itemsize, kept[start:stop].tobytes())
        key = f"block-{start}"
        append_record(folder / RECORDS, {"key": key, "outcome": "measured", **block.record()})
        missing -= stop - start
        if missing:
            _check_time(end, 0.0, f"Stopped with {missing:,} of {problem.size:,} passes to run")
    return kept


def _check_time(end: float | None, seconds: float, words: str) -> None:
    """Refuse work of so many seconds that would not be done before `end`."""
    left = math.inf if end is None else end - time.monotonic()
    if not seconds < left:
        raise BudgetExceeded(
            f"{words}; {duration(left)} were left for them. What was finished is kept."
        )


def _kept_gradient(folder: Path, problem: Problem) -> NDArray[Any]:
    """Read the differences that are on the disk, with zeros in the place of those that are not."""
    gradient = np.zeros(problem.size, problem.dtype)
    content = (content_of(folder / GRADIENT) or b"")[: gradient.nbytes]
    gradient.view(np.uint8)[: len(content)] = np.frombuffer(content, np.uint8)
    return gradient


def _shown(parts: Iterator[tuple[int, int]], total: int) -> Iterator[tuple[int, int]]:
    """Yield blocks, showing progress and the time left as a bar or as a line a minute."""
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
    """Add up the counts and times of all blocks, and measure the faster methods."""
    with read_from(folder / RECORDS):
        counted = _counted(folder, problem)
    return {**counted, **beside(problem, problem.structure.split(gradient))}


def _counted(folder: Path, problem: Problem) -> dict[str, Any]:
    """Add up the counts and times of all blocks."""
    records = records_so_far(folder / RECORDS)
    blocks = [record for record in records if record["key"].startswith("block-")]
    (value,) = (record for record in records if record["key"] == "value")
    seconds = [block["seconds"] / (block["stop"] - block["start"]) for block in blocks]
    ratios = [own / block["loss"] for own, block in zip(seconds, blocks, strict=True)]
    ratio = Estimate.of(ratios)
    passes = problem.size + 1

    return {
        "network": "-".join(map(str, read_json(folder / PROVENANCE, dict)["widths"])),
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
    }


SAMPLE = 8
"""Number of components of the gradient that are certified."""


def beside(problem: Problem, gradient: Arrays) -> dict[str, Any]:
    """Measure backprop, differences that reuse values, and the errors of all three gradients.

    Parameters
    ----------
    problem : Problem
        What was differentiated.
    gradient : dict of str to numpy.ndarray
        By forward differences.

    Returns
    -------
    dict
        Plain values: ``backprop`` and ``reuse`` with their times, ``errors`` against backprop, and
        ``certified`` with the errors of all three on some components.
    """
    prepared = Backprop().prepare(problem)
    cost = measure(prepared, problem, seconds=5.0)
    exact = problem.structure.check(prepared(problem.params).gradient)
    faster = Numerical("forward", evaluation="reuse").prepare(problem)
    reused = measure(faster, problem, seconds=2.0)
    again = problem.structure.check(faster(problem.params).gradient)
    return {
        "backprop": {
            "seconds": cost.gradient.median,
            "preparation": sum(prepared.preparation.values()),
            "ratio": asdict(cost.ratio),
            "contended": cost.contended,
        },
        "reuse": {
            "seconds": reused.gradient.median,
            "preparation": sum(faster.preparation.values()),
            "ratio": asdict(reused.ratio),
            "contended": reused.contended,
        },
        "errors": {
            "differences": gradient_error(gradient, exact).norm,
            "reuse": gradient_error(again, exact).norm,
        },
        "certified": _certified(
            problem, {"differences": gradient, "backprop": exact, "reuse": again}
        ),
    }


def _certified(problem: Problem, gradients: Mapping[str, Any]) -> dict[str, Any]:
    """Compare some components of each gradient with certified ones."""
    from gradmethods.engines.certified import certified_sample

    sample = certified_sample(problem, 20, components=SAMPLE, directions=1)
    flat = problem.structure.join(gradients["backprop"])[sample.components]
    scale = float(np.linalg.norm(flat)) or math.nan
    errors = {
        name: float(
            np.linalg.norm(sample.component_error(problem.structure.restore(gradient))) / scale
        )
        for name, gradient in gradients.items()
    }
    return {"errors": errors, "coverage": sample.coverage, "seconds": sample.seconds}
