"""Random programs through all methods, against an oracle of dual numbers with any number of digits.

`python -m tests.random_programs --seeds 0:20000` runs the study and prints what was found; with
`--out FILE` every seed is a line on disk, and a run that was stopped goes on. `--show SEED METHOD`
prints a program, made as small as it still fails.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.program_methods import FAULTS, METHODS, outcome
from tests.program_oracle import CRASH, Oracle, Outcome
from tests.program_writer import DTYPES, written
from tests.programs import Program, smaller


def study(seed: int, methods: Iterable[str] = METHODS) -> dict[str, Any]:
    """Run the methods on the program of a seed."""
    program = written(seed)
    oracle = Oracle(program, program.problem())
    found: dict[str, Outcome] = {}
    seconds: dict[str, float] = {}
    for name in methods:
        start = time.process_time()
        found[name] = outcome(name, oracle)
        seconds[name] = round(time.process_time() - start, 4)
    return {"seed": seed, "target": program.target, "dtype": program.dtype, "kind": oracle.kind,
            "found": found, "seconds": seconds}  # fmt: skip


def shown(seed: int, method: str) -> str:
    """Return the program of a seed, as small as it still fails in the same way."""
    program = written(seed)

    def result(candidate: Program) -> tuple[str, str, str]:
        try:
            oracle = Oracle(candidate, candidate.problem())
            value = float(oracle.problem.value())  # ~2 is a condition to the oracle alone
            if abs(value - float(oracle.loss.v)) > 1e-3 * abs(value) and candidate != program:
                return "", "", ""
            return oracle.kind, *outcome(method, oracle)
        except Exception:  # noqa: BLE001  # then it is no program
            return "", "", ""

    kind, status, text = result(program)
    if status in ("refused", CRASH):
        wanted = re.sub(r"[\d.]+", "#", text)[:50]
        least = smaller(
            program,
            lambda p: (
                (r := result(p))[:2] == (kind, status)
                and re.sub(r"[\d.]+", "#", r[2])[:50] == wanted
            ),
        )
    else:
        least = smaller(program, lambda p: result(p)[:2] == (kind, status))
    return f"{least}\n# {method}: {' | '.join(result(least))}"


def summary(records: list[dict[str, Any]], *, most: int = 6) -> Iterator[str]:
    """Yield the tables: counts, shares of the smooth, refusals and faults."""
    count = Counter((r["target"], r["dtype"]) for r in records)
    targets = {r["target"] for r in records}
    least = min((count[t, d] for t in targets for d in DTYPES), default=0)
    kinds = Counter(r["kind"] for r in records)
    sizes = f"{len(targets)} functions × {len(DTYPES)} dtypes"
    yield f"{len(records)} programs, {sizes}, at least {least} of each"
    yield "  " + ", ".join(f"{kind} {n}" for kind, n in kinds.most_common())
    smooth = [r for r in records if r["kind"] == "smooth"]
    names = list(dict.fromkeys(name for r in records for name in r["found"]))
    for name in names:
        mine = Counter(r["found"][name][0] for r in smooth if name in r["found"])
        total = sum(mine.values()) or 1
        parts = ", ".join(
            f"{status} {n} ({100 * n / total:.2f} %)" for status, n in mine.most_common()
        )
        spent = 1000 * sum(r["seconds"][name] for r in records) / len(records)
        yield f"{name:13} smooth: {parts}; {spent:.1f} s of CPU for 1,000 programs"
        others: dict[str, Counter[str]] = defaultdict(Counter)
        for r in records:
            if r["kind"] != "smooth" and name in r["found"]:
                others[r["kind"]][r["found"][name][0]] += 1
        for kind, mine in others.items():
            yield f"{'':13} {kind}: " + ", ".join(f"{s} {n}" for s, n in mine.most_common())
    refusals: dict[tuple[str, str], list[int]] = defaultdict(list)
    faults: dict[tuple[str, str, str, str], list[tuple[int, str]]] = defaultdict(list)
    for r in records:
        for name, (status, text) in r["found"].items():
            if status == "refused" and r["kind"] == "smooth":
                refusals[name, re.sub(r"-?[\d.]+(e[+-]?\d+)?", "#", text)[:90]].append(r["seed"])
            elif status in FAULTS:
                faults[name, r["kind"], status, r["target"]].append((r["seed"], text))
    yield "refusals of smooth programs:"
    for (name, text), seeds in sorted(refusals.items(), key=lambda x: -len(x[1]))[:40]:
        yield f"  {len(seeds):5} {name:13} {text}  (seed {seeds[0]})"
    yield "faults:"
    for (name, kind, status, target), found in sorted(faults.items()):
        listed = "; ".join(f"{seed}: {text[:90]}" for seed, text in found[:most])
        yield f"  {len(found):4} {name:12} {kind:9} {status:6} {target}: {listed}"


def table(records: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line per function: programs, the smooth ones, and how many of them agree."""
    yield f"{'function':22}" + "".join(f"{d:>9} smooth  bp ok  cert ok" for d in DTYPES)
    for target in sorted({r["target"] for r in records}):
        line = f"{target:22}"
        for dtype in DTYPES:
            mine = [r for r in records if (r["target"], r["dtype"]) == (target, dtype)]
            found = [r["found"] for r in mine if r["kind"] == "smooth"]
            ok = [sum(f[m][0] == "agrees" for f in found) for m in ("backprop", "certified")]
            line += f"{len(mine):9} {len(found):6} {ok[0]:6} {ok[1]:8}"
        yield line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:20000", help="first:last, the last not included")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--out", type=Path, help="a line of JSON for each seed; gone on with")
    parser.add_argument("--show", nargs=2, metavar=("SEED", "METHOD"))
    parser.add_argument("--table", action="store_true", help="also counts per function and dtype")
    options = parser.parse_args()
    if options.show:
        print(shown(int(options.show[0]), options.show[1]))
        return
    records = []
    if options.out and options.out.exists():
        records = [json.loads(line) for line in options.out.read_text().splitlines()]
    done = {r["seed"] for r in records}
    seeds = [s for s in range(*map(int, options.seeds.split(":"))) if s not in done]
    run = partial(study, methods=options.methods.split(","))
    with multiprocessing.Pool(options.jobs) as pool:
        for record in pool.imap_unordered(run, seeds):
            records.append(record)
            if options.out:
                with options.out.open("a") as file:
                    file.write(json.dumps(record) + "\n")
    for line in summary(records):
        print(line)
    for line in table(records) if options.table else ():
        print(line)


if __name__ == "__main__":
    main()
