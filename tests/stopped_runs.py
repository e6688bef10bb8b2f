"""Stop commands at random moments, by signals, and look at what they leave.

``python -m tests.stopped_runs --times 20`` prints each stop after which there is a traceback, a
process, half a file, or a record that is not whole.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from gradmethods.output.disk import PART
from gradmethods.output.files import ACCURACY, CLAIMS, MILLION, RECORDS, left_out
from tests.damaged_runs import write_sample
from tests.failing import REFERENCE

SECONDS: dict[str, float] = {
    "bench": 20.0, "report": 12.0, "accuracy": 12.0, "compare": 3.0, "million": 8.0,
    "certify": 4.0, "train": 8.0, "diff": 5.0, "claims": 8.0, "article": 12.0,
}  # fmt: skip
"""About how long each command takes, and within how many seconds it is stopped."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)


def command(name: str, folder: Path, sample: Path) -> list[str]:
    """Return the arguments of a command that writes to a folder."""
    out = ["--out", str(folder)]
    return {
        "bench": ["bench", *out, "--budget", "20"],
        "report": ["report", str(sample)],
        "accuracy": ["accuracy", "island", "xor", "--seconds", "0", "--per-decade", "1", *out],
        "compare": ["compare", "island", "--csv", str(folder / "a.csv")],
        "million": ["million", *out],
        "certify": ["certify", "--all", *out],
        "train": ["train", "xor", "--epochs", "300", *out],
        "diff": ["diff", str(REFERENCE), str(sample), "--out", str(folder / "d.html")],
        "claims": ["claims", "--records", str(sample), *out],
        "article": ["article", "--seeds", "1", *out],
    }[name]


def stop(seed: int, place: Path) -> str:
    """Stop a command; return what is wrong, or nothing, and what was stopped how."""
    own = random.Random(seed)
    name, number = own.choice(list(SECONDS)), own.choice(SIGNALS)
    sample, folder = place / "sample", place / "out"
    sample.mkdir()
    folder.mkdir()
    write_sample(sample)
    with subprocess.Popen(
        [sys.executable, "-m", "gradmethods", *command(name, folder, sample)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as run:  # fmt: skip
        time.sleep(0.4 + own.random() * SECONDS[name])
        early = run.poll() is not None
        run.send_signal(number)
        start = time.monotonic()
        _, said = run.communicate(timeout=300)
        took = time.monotonic() - start
    wrong = []
    if ", in main" in said or "Exception ignored" in said:
        wrong.append(f"a traceback: {said[-500:]}")
    if not early and run.returncode not in (128 + number, -number, 0, 1):
        wrong.append(f"status {run.returncode}: {said[-300:]}")
    if number != signal.SIGKILL and list(place.rglob(PART)):
        wrong.append("half a file")
    time.sleep(0.5 if number == signal.SIGKILL else 0.0)
    lines = (path / "cmdline" for path in Path("/proc").iterdir() if path.name.isdecimal())
    with suppress(OSError):
        if any(str(folder).encode() in line.read_bytes() for line in lines):
            wrong.append("a process is left")
    for file in (RECORDS, ACCURACY, CLAIMS, MILLION[0]):
        for base in (folder, folder / "million", sample):
            wrong += left_out(base / file)
    if early:
        return "done before"
    if "Traceback" in said and not wrong:  # of `import`, or of Python before that
        return "stopped while modules are loaded"
    about = f"{name} by {signal.Signals(number).name} in {took:.1f} s"
    return f"{seed}: {about}: {'; '.join(wrong)}" if wrong else f"fine: {name}"


def main(arguments: list[str] | None = None) -> int:
    """Stop many times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", default="0:20", help="first:end, of seeds")
    first, end = map(int, parser.parse_args(arguments).times.split(":"))
    found: Counter[str] = Counter()
    for seed in range(first, end):
        with tempfile.TemporaryDirectory() as place:
            said = stop(seed, Path(place))
        found[said.partition(":")[0]] += 1
        if not said.startswith(("fine", "done", "stopped")):
            sys.stdout.write(f"{said}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{end - first} stops: {dict(found)}\n")
    return int(any(name.isdecimal() for name in found))


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(main())
