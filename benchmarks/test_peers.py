"""The comparison with peers, run once: every contender on the smallest network of its family.

What is measured properly is measured by ``make bench-peers`` (`benchmarks.peers.run`). A peer
that is not installed is skipped, with what is missing as the reason.
"""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.peers.cases import SMALL, Case, ours
from benchmarks.peers.trial import run_case
from gradmethods.providers.peers import PEERS

ENTRIES = [(case, name) for case in SMALL for name in case.contenders()]


@pytest.mark.parametrize(("network", "name"), ENTRIES, ids=[f"{c.key}-{n}" for c, n in ENTRIES])
def test_a_contender_takes_part(network, name, monkeypatch, record_property):
    """If one broke, the comparison would lack a line."""
    contenders = network.contenders()
    missing = PEERS[name].missing() if name in PEERS else None
    if missing:
        record_property("gap", missing)
        pytest.skip(missing)
    main = next(iter(ours(network.family)))
    monkeypatch.setattr(Case, "contenders", lambda self: {n: contenders[n] for n in (main, name)})
    records: list[dict[str, Any]] = []
    run_case(network, records.append, seconds=0.0, limit=60.0)
    outcomes = {record["contender"]: record["outcome"] for record in records}
    assert outcomes == dict.fromkeys(("loss", main, name), "measured")
