"""Memory for the values of a program: a linear scan gives out blocks, again when they are free.

Source: M. Poletto and V. Sarkar, Linear scan register allocation, ACM TOPLAS 21 (1999) 895-913.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

Value = TypeVar("Value", bound=Hashable)
Size = TypeVar("Size", bound=Hashable)


class Need(NamedTuple, Generic[Value, Size]):
    """What one step of a program needs.

    Attributes
    ----------
    reads : iterable of Value
        The values whose memory it reads.
    value : Value or None
        What it writes to a block; None if it needs none, or makes memory of its own.
    size : Size or None
        The size of that block; blocks of different sizes are never exchanged.
    over : iterable of Value
        Those of `reads` that it may write over, if they are needed no more, the best first.
    scratch : Size or None
        The size of a block that it works in meanwhile.
    """

    reads: Iterable[Value]
    value: Value | None = None
    size: Size | None = None
    over: Iterable[Value] = ()
    scratch: Size | None = None


@dataclass
class Blocks(Generic[Value, Size]):
    """Blocks, and what lies in which.

    Attributes
    ----------
    sizes : list of Size
        One per block.
    place : dict of Value to int
        Index of the block in which a value lies.
    scratch : dict of int to int
        By the number of a step, the block that it works in.
    """

    sizes: list[Size] = field(default_factory=list)
    place: dict[Value, int] = field(default_factory=dict)
    scratch: dict[int, int] = field(default_factory=dict)


def scan(needs: Sequence[Need[Value, Size]], kept: Iterable[Value] = ()) -> Blocks[Value, Size]:
    """Assign blocks to the values of a program.

    Two values share a block if they are never needed at the same time.

    Parameters
    ----------
    needs : sequence of Need
        A step each, in the order of the program.
    kept : iterable of Value
        Values that are needed when the program has ended.

    Examples
    --------
    >>> steps = [Need((), "a", 8), Need("a", "b", 8), Need("b", "c", 8), Need("c", "d", 8, "c")]
    >>> scan(steps, kept="d").place
    {'a': 0, 'b': 1, 'c': 0, 'd': 0}
    """
    last = {value: i for i, need in enumerate(needs) for value in need.reads}
    last |= dict.fromkeys(kept, len(needs))
    result: Blocks[Value, Size] = Blocks()
    free: defaultdict[Size, list[int]] = defaultdict(list)

    def take(size: Size) -> int:
        if free[size]:
            return free[size].pop()
        result.sizes.append(size)
        return len(result.sizes) - 1

    for i, (reads, value, size, over, scratch) in enumerate(needs):
        if scratch is not None:
            result.scratch[i] = take(scratch)
        dying = {v: result.place[v] for v in reads if last[v] == i and v in result.place}
        if value is not None and size is not None:
            block = next((dying.pop(v) for v in over if v in dying), None)
            result.place[value] = take(size) if block is None else block
        released = [*dying.values(), *([result.scratch[i]] if scratch is not None else [])]
        if value is not None and value not in last:  # nobody reads it
            released.append(result.place[value])
        for old in released:
            free[result.sizes[old]].append(old)
    return result
