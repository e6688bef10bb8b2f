"""Complex arrays whose imaginary parts take values with the digits that a loss has lost.

The imaginary part of a product is made of the real parts of both factors, and that of a quotient
of differences: where a loss loses digits, so would its derivative, although nothing is subtracted
from anything that was computed twice. So the real parts are those of the loss, to the last digit,
and the imaginary ones those of the same expressions written without the differences.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.engines.complex import Holomorphic
from gradmethods.engines.complex.functions import join, normalised, quotient
from gradmethods.engines.graph import Node
from gradmethods.engines.graph.recognising import Recognising
from gradmethods.xp.primitives import TABLE, Primitive
from gradmethods.xp.primitives.quotients import NORMALISED, QUOTIENT

ROUNDINGS = 8
"""Units of round-off that may be lost."""

ORDINARY: weakref.WeakSet[Problem] = weakref.WeakSet()
"""Problems in which no expression was found that may lose digits."""


class Refining(Recognising, Holomorphic):
    """The namespace over complex arrays that looks for expressions that lose digits.

    To look takes time, and memory for all values of a run. So it is done in one run at a point; in
    others only if digits are lost there.

    Parameters
    ----------
    problem : Problem
        Of the loss that is run.
    """

    def __init__(self, problem: Problem) -> None:
        Holomorphic.__init__(self)
        self._problem = problem
        self._looking = problem not in ORDINARY
        self._decided = not self._looking
        self._found = self._matters = False
        self.forget()

    @property
    def looking(self) -> bool:
        """Whether runs look for such expressions; setting it decides for all that come."""
        return self._looking

    @looking.setter
    def looking(self, looking: bool) -> None:
        self._decided, self._looking = True, looking

    def restart(self) -> None:
        """Forget what was seen in the run before, and decide whether to look again."""
        Holomorphic.restart(self)
        self.forget()

    def ended(self) -> None:
        """Decide after the first run whether the others need to look."""
        self.forget()
        if not self._decided:
            self._decided, self._looking = True, self._matters
            if not self._found:
                ORDINARY.add(self._problem)

    def apply(
        self, primitive: Primitive, payloads: list[Any], static: dict[str, Any]
    ) -> NDArray[Any]:
        """Evaluate the holomorphic extension of a primitive."""
        way = Recognising if self._looking else Holomorphic
        result: NDArray[Any] = way.apply(self, primitive, payloads, static)
        return result

    def compute(
        self, primitive: Primitive, payloads: list[Any], static: dict[str, Any], node: Node
    ) -> NDArray[Any]:
        """Evaluate a primitive, or a quotient that was recognised."""
        del node
        if primitive not in (QUOTIENT, NORMALISED):
            return Holomorphic.apply(self, primitive, payloads, static)
        self._found = True
        n, d, *rest = payloads
        if primitive is QUOTIENT:
            result = quotient(n, d, rest[: len(rest) // 2], static["above"], static["below"])
        else:
            result = normalised(n, d, static["axis"])
        plain = Holomorphic.apply(self, TABLE["divide"], [n, d], {})
        self._compare(plain.imag, result.imag)
        return join(plain.real, np.where(np.isfinite(result.imag), result.imag, plain.imag))

    def refine(self, payload: Any, better: Any) -> NDArray[Any]:
        """Return the real part of a value with the imaginary one of a better value."""
        self._found = True
        self._compare(payload.real, better.real)
        imaginary = np.where(np.isfinite(better.imag), better.imag, payload.imag)
        return join(payload.real, imaginary)

    def _compare(self, value: Any, better: Any) -> None:
        unit = ROUNDINGS * float(np.finfo(value.dtype).eps)
        self._matters = self._matters or bool((abs(value - better) > unit * abs(better)).any())
