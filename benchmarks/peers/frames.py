"""The comparison's records as data frames, and the summaries over sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.peers.cases import FAMILIES, ours
from gradmethods.providers import Backprop
from gradmethods.providers.peers import PEERS
from gradmethods.providers.registry import traits
from gradmethods.timing.bootstrap import RESAMPLES

ENGINES = tuple(name for name, peer in PEERS.items() if traits(peer).family == Backprop.family)
"""Peers that do reverse mode for any loss; the hand-written pass does it for one."""

ENDS = ("median", "low", "high")


def times_frame(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per case and contender: time, time ÷ loss, check, or the gap."""
    rows = []
    for record in records:
        row = {name: record.get(name) for name in _FIXED}
        for quantity in ("time", "per_loss"):
            estimate = record.get(quantity) or {}
            row |= {f"{quantity}_{end}": estimate.get(end) for end in (*ENDS, "minimum")}
        error = record.get("error")
        row["error"] = None if error is None else float(error)  # infinity came as a word
        rows.append(row)
    frame = pd.DataFrame(rows)
    whole = ["n", "components", "rounds", "calls_per_round", "forward_passes"]
    real = [name for name in frame if str(name).startswith(("time_", "per_loss_"))]
    frame = frame.astype(dict.fromkeys(whole, "Int64") | dict.fromkeys(real, float))
    return frame.sort_values(["family", "n"], key=_rank, ignore_index=True, kind="stable")


def ratios_frame(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per case, provider of ours and peer: ours ÷ theirs, from paired rounds.

    ``of_minima`` is the ratio of the fastest rounds: far from the median, other work disturbed.
    """
    records = [record for record in records if record["outcome"] == "measured"]
    fastest = {(r["family"], r["network"], r["contender"]): r["time"]["minimum"] for r in records}
    rows = [
        {
            "family": record["family"],
            "network": record["network"],
            "n": record["n"],
            "ours": name,
            "theirs": record["contender"],
            **{end: ratio[end] for end in ENDS},
            "of_minima": fastest[record["family"], record["network"], name]
            / record["time"]["minimum"],
            "rounds": record["rounds"],
        }
        for record in records
        if record["role"] == "peer"
        for name, ratio in record["ratios"].items()
    ]
    columns = ["family", "network", "n", "ours", "theirs", *ENDS, "of_minima", "rounds"]
    frame = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(ENDS, float))
    return frame.sort_values(["family", "n"], key=_rank, ignore_index=True, kind="stable")


def overall_frame(records: Iterable[Mapping[str, Any]], *, seed: int = 0) -> pd.DataFrame:
    """Ours ÷ theirs over all sizes: geometric mean with its interval, and the worst size.

    The fastest of several peers is chosen at each size by its median. Rounds are resampled at
    each size, which gives a geometric mean for each resampling; the interval is the percentile
    bootstrap of those.
    """
    measured = [record for record in records if record["outcome"] == "measured"]
    rows = []
    for family in FAMILIES:
        main = next(iter(ours(family)))
        named: dict[str, tuple[str, ...]] = {name: (name,) for name in _peers(measured, family)}
        if family == Backprop.family:
            named = {"the fastest of JAX, PyTorch and autograd": ENGINES} | named
        rows += [_overall(measured, family, main, words, who, seed) for words, who in named.items()]
    return pd.DataFrame([row for row in rows if row])


_FIXED = (
    "family", "contender", "role", "network", "n", "components", "outcome", "rounds",
    "calls_per_round", "threads", "preparation", "forward_passes", "value", "kind", "reason",
)  # fmt: skip


def _overall(
    records: list[Mapping[str, Any]],
    family: str,
    main: str,
    words: str,
    peers: tuple[str, ...],
    seed: int,
) -> dict[str, Any] | None:
    sizes, samples = [], []
    for own in records:
        if own["family"] != family or own["contender"] != main:
            continue
        there = [r for r in records if r["network"] == own["network"] and r["family"] == family]
        theirs = [r for r in there if r["contender"] in peers]
        if theirs:
            fastest = min(theirs, key=lambda r: float(r["time"]["median"]))
            samples.append(_paired(own, fastest))
            sizes.append(own["network"])
    if not samples:
        return None
    medians = np.array([np.median(sample) for sample in samples])
    spread = _resampled(samples, seed)
    low, high = np.quantile(spread, (0.025, 0.975)) if spread.size else (np.nan, np.nan)
    worst = int(medians.argmax())
    return {
        "family": family,
        "ours": main,
        "theirs": words,
        "sizes": len(sizes),
        "geometric_mean": float(np.exp(np.log(medians).mean())),
        "low": float(low),
        "high": float(high),
        "worst": float(medians[worst]),
        "worst_network": sizes[worst],
    }


def _paired(own: Mapping[str, Any], peer: Mapping[str, Any]) -> NDArray[Any]:
    """Return ours ÷ theirs of each round."""
    if "paired" in peer:
        ratios = np.array(peer["paired"][own["contender"]])
    else:  # records of earlier versions: all took turns, round by round
        mine, theirs = (np.array(record["seconds_per_call"]) for record in (own, peer))
        ratios = mine[: peer["rounds"]] / theirs
    return np.asarray(ratios, float)


def _resampled(samples: list[NDArray[Any]], seed: int) -> NDArray[Any]:
    """Geometric means of medians of resampled rounds; none if a size has a single round."""
    if min(sample.size for sample in samples) < 2:
        return np.empty(0)
    rng = np.random.default_rng(seed)
    logs = [
        np.log(np.median(sample[rng.integers(sample.size, size=(RESAMPLES, sample.size))], axis=1))
        for sample in samples
    ]
    means: NDArray[Any] = np.exp(np.mean(logs, axis=0))
    return means


def _peers(records: list[Mapping[str, Any]], family: str) -> list[str]:
    found = [r["contender"] for r in records if r["family"] == family and r["role"] == "peer"]
    return list(dict.fromkeys(found))


def _rank(column: pd.Series) -> pd.Series:
    return column.map(list(FAMILIES).index) if column.name == "family" else column
