"""What an explanation finds: one operation of a loss, or the loss itself, and what it spoils."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gradmethods.engines.graph.place import Place

NOT_FINITE = "no finite number"


class Fault(StrEnum):
    """What goes wrong in an operation, or in a loss as a whole."""

    NAN = "NaN"
    INFINITY = "infinity"
    DIGITS = "lost digits"
    TIE = "tie"
    JUMP = "jump"
    NOISE = "noise"


SEEN = {Fault.JUMP: "jumps by", Fault.NOISE: "is noisy by"}
"""What is seen of a loss whose values alone are known."""


@dataclass(frozen=True)
class Finding:
    """An operation that makes a NaN or an infinity, loses digits, or at which branches meet.

    Of a black box, the loss as a whole, or its data; it may jump or be noisy, too.

    Attributes
    ----------
    fault : Fault
    backward : bool
        Whether it shows in the backward pass: the operation's slope is what fails.
    operation : str
        As a user writes it: ``xp.log``, ``+``.
    step : int
        Its place among the nodes of the loss's graph, as `gradmethods.engines.graph.record` has it.
    place : Place or None
        The file and line of the loss, and the expression.
    entry : tuple of int
        The entry of the result that is shown; empty for scalars.
    operands : tuple of str
        What went in, at that entry.
    computed, exact : str
        What came out in the precision of the loss, and with every number exact ("" if unknown).
    reaches : dict of str to float
        The digits that this operation alone leaves of the loss, and of the gradient by each
        array: 0 for none, NaN where that is not known.
    remedy : str
        What to write instead; empty where nothing is known.
    """

    fault: Fault
    backward: bool
    operation: str
    step: int
    place: Place | None
    entry: tuple[int, ...]
    operands: tuple[str, ...]
    computed: str
    exact: str
    reaches: dict[str, float]
    remedy: str

    @property
    def summary(self) -> str:
        """One line: the operands of the operation and its result."""
        what = f"the slope of {self.operation}" if self.backward else self.operation
        of = f" of {' and '.join(self.operands)}" if self.operands else ""
        entry = f", at entry {list(self.entry)}" if self.entry else ""
        if self.fault is Fault.TIE:
            return f"branches meet in {what}{of}{entry}"
        if self.fault in SEEN:
            return f"{what} {SEEN[self.fault]} {self.computed}{of.replace(' of ', ' at ', 1)}"
        verb = "makes" if self.operands or self.backward else "holds"
        if self.exact == NOT_FINITE:
            exact = ", with exact numbers, too"
        else:
            exact = f", exactly {self.exact}" if self.exact not in ("", self.computed) else ""
        return f"{what} {verb} {self.computed}{of}{exact}{entry}"

    def __str__(self) -> str:
        at = f"{self.place}: {self.place.text}" if self.place and self.place.text else self.place
        text = f"{self.summary}{f' [{at}]' if at else ''}."
        if self.fault is Fault.DIGITS:
            left = [f"{digits:.0f} of {name}" for name, digits in self.reaches.items()]
            text += f" Digits that this alone leaves: {', '.join(left)}."
        elif self.reaches:
            text += f" It spoils {' and '.join(self.reaches)}."
        return f"{text} {self.remedy}".rstrip()
