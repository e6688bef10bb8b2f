"""The comparison's records as data frames, and the summaries over sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.peers.cases import FAMILIES, METHODS, ours
from gradmethods.providers import Analytical, Backprop
from gradmethods.providers.peers import PEERS, Casadi, Symengine
from gradmethods.providers.registry import traits
from gradmethods.timing.bootstrap import RESAMPLES
from gradmethods.timing.breakeven import Price, evaluations
from gradmethods.timing.fits import FEWEST_POINTS, fit_asymptote

FASTEST = {
    Backprop.family: (
        "the fastest of JAX, PyTorch and autograd",
        tuple(name for name, peer in PEERS.items() if traits(peer).family == Backprop.family),
    ),
    Analytical.family: (
        "the faster of symengine and CasADi", (Symengine.name, Casadi.name),
    ),
}  # fmt: skip
"""Peers, by method, of which the fastest is chosen at each size: what does reverse mode for any
loss (the pass by hand does it for one), and what compiles formulas."""

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
        row["compile"] = (record.get("preparation_parts") or {}).get("compile")
        row["prepared"] = prepared(record)
        rows.append(row)
    frame = pd.DataFrame(rows)
    whole = ["n", "components", "rounds", "calls_per_round", "forward_passes"]
    begins = ("time_", "per_loss_", "compile", "prepared")
    real = [name for name in frame if str(name).startswith(begins)]
    frame = frame.astype(dict.fromkeys(whole, "Int64") | dict.fromkeys(real, float))
    return frame.sort_values(["family", "n"], key=_rank, ignore_index=True, kind="stable")


def ratios_frame(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per case, provider of ours and peer: ours ÷ theirs, from paired rounds.

    ``of_minima`` is the ratio of the fastest rounds: far from the median, other work disturbed.
    """
    records = [record for record in records if record["outcome"] == "measured"]
    mine = {(r["family"], r["network"], r["contender"]): r for r in records}
    fastest = {key: record["time"]["minimum"] for key, record in mine.items()}
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
            **_pays(mine[record["family"], record["network"], name], record),
        }
        for record in records
        if record["role"] == "peer"
        for name, ratio in record["ratios"].items()
    ]
    columns = ["family", "network", "n", "ours", "theirs", *ENDS, "of_minima", "rounds", *_PAYS]
    frame = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys([*ENDS, *_PAYS], float))
    return frame.sort_values(["family", "n"], key=_rank, ignore_index=True, kind="stable")


_PAYS = tuple(f"{who}_pays{end}" for who in ("theirs", "ours") for end in ("", "_low", "_high"))


def _pays(own: Mapping[str, Any], peer: Mapping[str, Any]) -> dict[str, float]:
    """Return after how many gradients what one prepares has paid, beside the other.

    Infinite where it never does, 0 where it is cheaper from the start.
    """
    one, other = (
        Price(prepared(record), *(float(record["time"][end] or np.nan) for end in ENDS))
        for record in (own, peer)
    )
    found: dict[str, float] = {}
    for who, count in (("theirs", evaluations(other, one)), ("ours", evaluations(one, other))):
        found |= {f"{who}_pays": count.value}
        found |= {f"{who}_pays_{end}": getattr(count, end) for end in ("low", "high")}
    return found


def prepared(record: Mapping[str, Any]) -> float:
    """Return the seconds that a contender prepares, but for importing its package; NaN if none."""
    parts = record.get("preparation_parts") or {}
    return float(record.get("preparation") or np.nan) - float(parts.get("import", 0.0))


PREPARES = 0.01
"""Seconds of preparation below which nobody asks how they grow."""


def exponents_frame(times: pd.DataFrame) -> pd.DataFrame:
    """Fit how gradient and preparation grow with n, by family and contender, with intervals."""
    rows = []
    measured = times[times["outcome"] == "measured"]
    for (family, contender), group in measured.groupby(["family", "contender"], sort=False):
        whole = group[group["components"].isna()]
        quantities = [("gradient", "time_median"), ("preparation", "prepared")]
        for quantity, column in quantities[: 1 + (whole["prepared"].max() > PREPARES)]:
            points = whole[whole[column] > 0]
            n = points["n"].to_numpy(float)
            if np.unique(n).size >= FEWEST_POINTS:
                law = fit_asymptote(n, points[column].to_numpy(float))
                named = {"family": family, "contender": contender, "quantity": quantity}
                ends = {"exponent": law.exponent, "low": law.low, "high": law.high}
                fitted = {"start": int(law.start), "end": int(law.end), "points": law.points}
                rows.append(named | ends | fitted | {"settled": law.settled})
    columns = [
        "family", "contender", "quantity", "exponent", "low", "high", "start", "end", "points",
        "settled",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def sizes_frame(ratios: pd.DataFrame, method: str) -> pd.DataFrame:
    """One row per problem that a method was measured on: ours ÷ each peer, with its interval.

    Ours is the provider of the headline. ``fastest`` is ours ÷ the fastest of `FASTEST`.
    """
    chosen = ratios[ratios["family"].map(METHODS) == method]
    chosen = chosen[chosen["ours"].isin(chosen["ours"].iloc[:1])]
    _, engines = FASTEST.get(method, ("", ()))
    rows = []
    for (family, network), group in chosen.groupby(["family", "network"], sort=False):
        row = {"family": family, "network": network, "n": group["n"].iloc[0]}
        for peer, *ends in group[["theirs", *ENDS]].itertuples(index=False):
            row |= {f"{peer}_{end}": value for end, value in zip(ENDS, ends, strict=True)}
        row["fastest"] = group.loc[group["theirs"].isin(engines), "median"].max()
        rows.append(row)
    return pd.DataFrame(rows)


def overall_frame(records: Iterable[Mapping[str, Any]], *, seed: int = 0) -> pd.DataFrame:
    """Ours ÷ theirs over all sizes: geometric mean with its interval, and the worst size.

    The fastest of several peers is chosen at each size, by the median ratio. Rounds are resampled
    at each size, which gives a geometric mean for each resampling; the interval is the percentile
    bootstrap of those.
    """
    measured = [record for record in records if record["outcome"] == "measured"]
    rows = []
    for family in FAMILIES:
        main = next(iter(ours(family)))
        named: dict[str, tuple[str, ...]] = {name: (name,) for name in _peers(measured, family)}
        named = dict([FASTEST[METHODS[family]]] if METHODS[family] in FASTEST else ()) | named
        rows += [_overall(measured, family, main, words, who, seed) for words, who in named.items()]
    columns = [
        "family", "ours", "theirs", "sizes", "n_from", "n_to", "geometric_mean", "low", "high",
        "worst", "worst_network", "worst_n",
    ]  # fmt: skip
    return pd.DataFrame([row for row in rows if row], columns=columns)


_FIXED = (
    "family", "contender", "role", "network", "n", "components", "outcome", "rounds",
    "calls_per_round", "threads", "contended", "preparation", "forward_passes", "value", "kind",
    "reason",
)  # fmt: skip


def _overall(
    records: list[Mapping[str, Any]],
    family: str,
    main: str,
    words: str,
    peers: tuple[str, ...],
    seed: int,
) -> dict[str, Any] | None:
    cases, samples = [], []
    for own in records:
        if own["family"] != family or own["contender"] != main:
            continue
        there = [r for r in records if r["network"] == own["network"] and r["family"] == family]
        theirs = [r for r in there if r["contender"] in peers]
        if theirs:
            # Ours ÷ theirs of each round.
            pairs = (np.asarray(peer["paired"][main], float) for peer in theirs)
            samples.append(max(pairs, key=np.median))
            cases.append(own)
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
        "sizes": len(cases),
        "n_from": min(own["n"] for own in cases),
        "n_to": max(own["n"] for own in cases),
        "geometric_mean": float(np.exp(np.log(medians).mean())),
        "low": float(low),
        "high": float(high),
        "worst": float(medians[worst]),
        "worst_network": cases[worst]["network"],
        "worst_n": cases[worst]["n"],
    }


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
