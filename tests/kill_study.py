"""A whole run of the benchmark, killed in each of its parts and begun again by the same command.

``python -m tests.kill_study`` takes some minutes, which the suite does not have; there the cases
alone are killed, ten times. It ends with an error if anything finished was lost or done twice.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gradmethods.output.files import ACCURACY, CLAIMS, RECORDS

RUN = (
    "import sys; from gradmethods.app.runs.bench import run_benchmarks; "
    "sys.exit(run_benchmarks(sys.argv[1], grid='small', budget=150.0))"
)
MOMENTS = (
    (RECORDS, 1), (RECORDS, 12), (RECORDS, 30), (ACCURACY, 3), (ACCURACY, 30), (ACCURACY, 100),
    (CLAIMS, 2), (CLAIMS, 7), ("figures", 3), ("figures", 12),
)  # fmt: skip
"""What a kill waits for: so many lines of a file, or files of a folder."""


def lines(path: Path) -> list[bytes]:
    """Return the whole lines of a file, or the files of a folder."""
    if path.is_dir():
        return [bytes(entry) for entry in sorted(path.glob("*.svg"))]
    text = path.read_bytes() if path.exists() else b""
    return [line for line in text.splitlines(keepends=True) if line.endswith(b"\n")]


def main() -> int:
    """Kill, begin again, and compare."""
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    command = [sys.executable, "-c", RUN, str(folder)]
    kept: dict[str, list[bytes]] = {name: [] for name in (RECORDS, ACCURACY, CLAIMS)}
    kills = 0
    for name, count in MOMENTS:
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as run:
            while run.poll() is None and len(lines(folder / name)) < count:
                time.sleep(0.01)
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
                kills += 1
        for file, before in kept.items():
            now = lines(folder / file)
            if now[: len(before)] != before:
                print(f"LOST: lines of {file} are not what they were")
                return 1
            kept[file] = now
        state = ", ".join(f"{len(found)} in {file}" for file, found in kept.items())
        print(f"killed at {count} in {name}: {state}", flush=True)
    status = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    for file in kept:
        keys = [json.loads(line)["key"] for line in lines(folder / file)]
        if len(keys) != len(set(keys)):
            print(f"TWICE: {len(keys)} lines of {len(set(keys))} results in {file}")
            return 1
        print(f"{file}: {len(keys)} results, each once")
    print(f"{kills} kills; the last start ended with {status}; report in {folder}")
    return status


if __name__ == "__main__":
    sys.exit(main())
