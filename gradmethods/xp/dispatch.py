"""How a function of the namespace reaches a method: lift the operands, apply a primitive.

Payloads that are plain NumPy arrays are *concrete*: constants whose values every method knows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.errors import (
    GradientError,
    ShapeMismatch,
    UnknownAttribute,
    UnsupportedOperation,
)
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import TABLE, Primitive
from gradmethods.xp.rewrites import advice
from gradmethods.xp.subclasses import lost_meaning

FLOAT64 = np.dtype(np.float64)

LARGEST = np.iinfo(np.int64).max

Operand = Array | NDArray[Any] | float
"""What a function of the namespace accepts: its own arrays, NumPy's, and Python numbers."""


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError as error:
        raise UnsupportedOperation(
            f"The integer {str(number)[:20]}… is larger than any floating-point number. Write "
            "xp.inf for what is infinite."
        ) from error


class Bindings(ABC):
    """The ground of a namespace: what a method must say about its payloads."""

    kind: str
    """One word for error messages: traced, symbolic, …."""

    rounds = False
    """Whether functions of integers are NumPy's where it takes them in less than full precision,
    although the method does not let NumPy evaluate others."""

    @abstractmethod
    def apply(self, primitive: Primitive, payloads: list[Any], static: dict[str, Any]) -> Any:
        """Apply a primitive to payloads, at least one of which is not concrete."""

    @abstractmethod
    def shape_of(self, payload: Any) -> tuple[int, ...]:
        """Return the shape of a payload."""

    @abstractmethod
    def dtype_of(self, payload: Any) -> np.dtype[Any]:
        """Return the NumPy dtype that a payload stands for."""

    def is_constant(self, payload: Any) -> bool:
        """Say whether a payload is a constant, so that its values are known to every method."""
        return isinstance(payload, (np.ndarray, int, float))

    def folds(self, primitive: Primitive, value: Any) -> bool:
        """Say whether `value`, computed by NumPy from constants, may stand for the operation."""
        return True

    # -- used by the functions

    def bind(self, which: str | Primitive, *operands: Operand, **static: Any) -> Array:
        """Apply a primitive, given by name or itself; constants fold where the method allows."""
        primitive = TABLE[which] if isinstance(which, str) else which
        payloads = [self.lift(operand) for operand in operands]
        try:
            if all(map(self.is_constant, payloads)):
                with np.errstate(all="ignore"):
                    value = np.asarray(primitive.numpy(*payloads, **static))
                if self.folds(primitive, value) or (self.rounds and _is_narrow(value, payloads)):
                    return Array(self, value)
            return Array(self, self.apply(primitive, payloads, static))
        except GradientError:
            raise
        except (ValueError, IndexError, TypeError, OverflowError) as error:
            if self._shapes_clash(primitive, payloads, static):
                shapes = " and ".join(str(self._shape(p)) for p in payloads)
                raise ShapeMismatch(
                    f"{primitive.spelling} cannot take shapes {shapes}: {str(error).rstrip('. ')}."
                ) from error
            kinds = " and ".join(self._kind(p) for p in payloads)
            raise UnsupportedOperation(
                f"{primitive.spelling} cannot take {kinds}: {error}."
            ) from error

    def lift(self, operand: Any) -> Any:
        """Return the payload of an operand, or say why it cannot take part."""
        if isinstance(operand, Array):
            if operand.namespace is not self:
                raise UnsupportedOperation(
                    f"An array of another recording ({operand!r}) was used in this one. A loss "
                    "must not keep arrays from one call to the next."
                )
            return operand.payload
        if isinstance(operand, (bool, int, float)) and not isinstance(operand, np.generic):
            # As in NumPy, an integer that no integer type holds is a floating-point number.
            return operand if abs(operand) <= LARGEST else _as_float(operand)
        if isinstance(operand, (np.ndarray, np.generic)) and operand.dtype.kind in "fiub":
            if operand.dtype.itemsize > FLOAT64.itemsize:
                raise UnsupportedOperation(
                    f"Numbers of more than 64 bits can take no part in a loss, got "
                    f"{operand.dtype}. Round them with np.asarray(x, dtype=float)."
                )
            if lost := lost_meaning(operand):
                raise UnsupportedOperation(f"An array that the loss closes over {lost}")
            return np.asarray(operand)
        if isinstance(operand, (complex, np.complexfloating, np.ndarray)):
            raise UnsupportedOperation(
                f"Only real numbers, integers and booleans can take part in a loss, got "
                f"{getattr(operand, 'dtype', type(operand).__name__)}."
            )
        raise UnsupportedOperation(
            f"Expected an array or a number, got {type(operand).__name__}. "
            "Make an array of it with xp.asarray."
        )

    def on_conditions(self, symbol: str, which: str, *operands: Operand) -> Array:
        """Apply logic for an operator that Python has for bits: of booleans the two are one."""
        others = [
            self._kind(payload)
            for payload in map(self.lift, operands)
            if not isinstance(payload, bool)
            and (isinstance(payload, (int, float)) or self.dtype_of(payload).kind != "b")
        ]
        if others:
            raise UnsupportedOperation(
                f"The operator {symbol} works on the bits of integers, which no method follows; a "
                f"loss can use it on conditions, got {' and '.join(others)}. Write a comparison "
                f"(x != 0), xp.{which}, or compute the data with NumPy beforehand."
            )
        return self.bind(which, *operands)

    def array(self, operand: Any) -> Array:
        """Return an operand as an array of this namespace."""
        if isinstance(operand, Array) and operand.namespace is self:
            return operand
        payload = self.lift(operand)
        return Array(self, np.asarray(payload))

    def concrete(self, operand: Any) -> NDArray[Any] | None:
        """Return the values of a constant, None for anything whose values are not known."""
        payload = self.lift(operand)
        return np.asarray(payload) if self.is_constant(payload) else None

    def _shape(self, payload: Any) -> tuple[int, ...]:
        return np.shape(payload) if isinstance(payload, (int, float)) else self.shape_of(payload)

    def _kind(self, payload: Any) -> str:
        return repr(payload) if isinstance(payload, (int, float)) else str(self.dtype_of(payload))

    def _shapes_clash(self, primitive: Primitive, payloads: list[Any], static: Any) -> bool:
        stand_ins = [np.broadcast_to(np.False_, self._shape(p)) for p in payloads]
        try:
            primitive.shape(*stand_ins, **static)
        except (ValueError, IndexError):
            return True
        return False

    def advice(self, name: str) -> str:
        """Say what to write for a NumPy name."""
        return advice(name, sorted(set(dir(type(self))) - set(dir(Bindings)) - {"linalg"}))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise UnknownAttribute(f"xp has no {name}: only the functions of the standard.")
        raise UnknownAttribute(
            f"xp.{name} is not among the functions that a loss can use. {self.advice(name)}"
        )


def _is_narrow(value: NDArray[Any], operands: list[Any]) -> bool:
    """Say whether NumPy took a function of small integers in half or single precision."""
    if value.dtype == np.float32:
        return all(type(x) is int or np.asarray(x).dtype.kind in "iu" for x in operands)
    return value.dtype == np.float16
