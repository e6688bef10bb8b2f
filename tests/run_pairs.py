"""Two runs that never took place, and ways to let the second differ."""

from gradmethods.app.cli import main
from gradmethods.output.files import (
    CLAIMS,
    PROVENANCE,
    RECORDS,
    append_record,
    read_json,
    read_records,
    write_json,
)
from gradmethods.report.difference.runs import open_run
from gradmethods.report.difference.two_runs import (
    compare_runs,
)
from tests.report_records import write_run


def claim(verdict="supported", value=1.0):
    answer = {
        "name": "forward", "rule": "r", "quantity": "calls", "exact": True, "verdict": verdict,
        "value": value, "low": value, "high": value, "words": "",
    }  # fmt: skip
    return {
        "key": "claim-c1", "outcome": "measured", "id": "C1", "title": "One pass", "claim": "c",
        "source": "the article", "method": "m", "verdict": verdict, "criteria": [answer],
        "panels": [],
    }  # fmt: skip


def write_pair(folder):
    """Write two runs that tell the same, in folders a and b."""
    for name in "ab":
        write_run(folder / name)
        append_record(folder / name / CLAIMS, claim())
        make_noise(folder / name, 1.02)
    return folder


def make_noise(folder, floor):
    """Let the loss, timed against itself in a run, differ by so much."""
    quiet = {"median": 1.0, "low": 1 / floor, "high": floor, "minimum": 1.0}
    for entry in read_records(folder / RECORDS):
        if entry["sweep"] == "noise":
            append_record(folder / RECORDS, entry | {"ratio": quiet})


def compared(runs, **options):
    return compare_runs(open_run(str(runs / "a")), open_run(str(runs / "b")), **options)


def told(runs, *arguments):
    return main(["diff", str(runs / "a"), str(runs / "b"), *arguments])


def change(runs, key, name=RECORDS, **fields):
    """Give a record of the second run other fields; the later of two with one key counts."""
    entries = {entry["key"]: entry for entry in read_records(runs / "b" / name)}
    append_record(runs / "b" / name, entries[key] | fields)


def slow_down(runs, factor, provider="backprop"):
    """Let every gradient of a provider take longer in the second run."""
    for entry in read_records(runs / "b" / RECORDS):
        if entry["outcome"] == "measured" and entry["provider"] == provider:
            ends = ("gradient", "ratio")
            longer = {n: {k: factor * v for k, v in entry[n].items()} for n in ends}
            append_record(runs / "b" / RECORDS, entry | longer)


def on_another_machine(runs):
    origin = read_json(runs / "b" / PROVENANCE)
    write_json(runs / "b" / PROVENANCE, origin | {"machine": {"processor": "Q", "cores": 8}})
