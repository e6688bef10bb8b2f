"""The linear scan that gives memory to the values of every program."""

from __future__ import annotations

import numpy as np
import pytest

from gradmethods.engines.program.scan import Need, scan


def drawn(rng):
    """Return a random program: steps that read earlier values, and may write over some of them."""
    needs: list[Need[int, int]] = []
    for i in range(40):
        reads = rng.integers(0, i, size=min(i, 3)).tolist() if i else []
        size = int(rng.integers(1, 4))
        over = [x for x in reads if needs[x].size == size and rng.random() < 0.5]
        scratch = int(rng.integers(1, 4)) if rng.random() < 0.2 else None
        value = None if rng.random() < 0.1 else i
        needs.append(Need(reads, value, size, over, scratch))
    return needs


@pytest.mark.parametrize("seed", range(20))
def test_nothing_that_is_needed_is_written_over(seed):
    """A value whose block is given away too early is another value when it is read."""
    rng = np.random.default_rng(seed)
    needs, kept = drawn(rng), [7, 39]
    blocks = scan(needs, kept)
    holds: dict[int, int] = {}
    for i, need in enumerate(needs):
        if need.scratch is not None:
            assert blocks.sizes[blocks.scratch[i]] == need.scratch
            holds[blocks.scratch[i]] = -1
        reads = [x for x in need.reads if x in blocks.place]
        assert all(holds[blocks.place[x]] == x for x in reads)
        if need.value is not None:
            block = blocks.place[i]
            assert blocks.sizes[block] == need.size
            shared = [x for x in reads if blocks.place[x] == block]
            assert all(x in need.over for x in shared)
            assert blocks.scratch.get(i) != block
            holds[block] = i
    assert all(holds[blocks.place[x]] == x for x in kept if x in blocks.place)


def test_memory_is_used_again():
    """A scan that gave every value a block of its own would be right, and of no use."""
    needs = [Need([i - 1] if i else [], i, 8) for i in range(100)]
    assert len(scan(needs).sizes) == 2
    needs = [Need([i - 1] if i else [], i, 8, [i - 1] if i else []) for i in range(100)]
    assert len(scan(needs).sizes) == 1
