"""The one array class: operators and indexing; everything else is the namespace's.

Traced, symbolic, ball and complex arrays are all `Array`s with another namespace. The class never
computes anything itself, and it refuses whatever would silently leave the namespace: NumPy's own
functions, conversion to numbers, truth values, item assignment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from gradmethods.errors import UnknownAttribute, UnsupportedOperation

if TYPE_CHECKING:
    import numpy as np

    from gradmethods.namespace import Namespace

METHODS = {
    "dot": "x @ y",
    "transpose": "xp.permute_dims(x, axes) or x.T",
    "ravel": "xp.reshape(x, (-1,))",
    "flatten": "xp.reshape(x, (-1,))",
    "swapaxes": "xp.permute_dims(x, axes)",
    "copy": "x itself: arrays here are never written to",
    "item": "x itself: its value is not known while the loss is recorded",
    "tolist": "x itself: its value is not known while the loss is recorded",
    "conj": "x itself: parameters are real",
    "real": "x itself: parameters are real",
    "cumsum": "xp.cumulative_sum(x, axis=...)",
    "fill": "xp.full(shape, value)",
    "repeat": "xp.repeat(x, repeats)",
    "reshape": "xp.reshape(x, shape)",
    "astype": "xp.astype(x, dtype)",
    "round": "xp.round(x)",
    "flat": "xp.reshape(x, (-1,))",
    "itemsize": "x.dtype.itemsize",
    "nbytes": "x.size * x.dtype.itemsize",
    "device": '"cpu": there is no other device',
    "to_device": "x itself: there is one device",
    "take": "xp.take(x, indices, axis=...)",
    "clip": "xp.clip(x, low, high)",
    "squeeze": "xp.squeeze(x, axis=...)",
}
"""What to write instead of a method that NumPy has and the standard has not."""


FIXED = (
    "A number of data that must be known, for a length or a count of steps, is no data: close over "
    "it, or bind it with functools.partial(loss, n=5)."
)
CHOOSE = "Choose between values with xp.where(condition, a, b); keep numbers as arrays."
FUNCTIONS = (
    "Functions of xp take arrays where those of math take floats: xp.sin(x) for math.sin(x). What "
    "is of data alone, compute beforehand and pass as data."
)


class Array:
    """An array over some namespace, standing where a NumPy array would stand in a loss.

    Parameters
    ----------
    namespace : Namespace
        Its functions do all the work.
    payload : Any
        What the namespace computes with: a node of a graph, symbols, complex numbers, ….
    """

    __slots__ = ("namespace", "payload")
    # Makes `ndarray * Array` come to `Array.__rmul__` instead of building an object array.
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]  # == is element-wise, as in NumPy

    def __init__(self, namespace: Namespace, payload: Any) -> None:
        self.namespace = namespace
        self.payload = payload

    def __repr__(self) -> str:
        return f"<{self.namespace.kind} array of shape {self.shape}, {self.dtype}>"

    # -- attributes of the standard

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.namespace.shape_of(self.payload)

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype of the entries that this array stands for."""
        return self.namespace.dtype_of(self.payload)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of entries."""
        size = 1
        for length in self.shape:
            size *= length
        return size

    @property
    def T(self) -> Array:  # the standard's name
        """The array with its axes reversed."""
        return self.namespace.permute_dims(self, tuple(reversed(range(self.ndim))))

    @property
    def mT(self) -> Array:  # the standard's name
        """The array with its last two axes exchanged."""
        return self.namespace.matrix_transpose(self)

    def __len__(self) -> int:
        if not self.shape:
            raise UnsupportedOperation("A scalar (shape ()) has no length; use x.size.")
        return self.shape[0]

    def __getitem__(self, index: Any) -> Array:
        return self.namespace.getitem(self, index)

    def __iter__(self) -> Iterator[Array]:
        return iter([self[i] for i in range(len(self))])

    # -- operators, each with its reflection

    def __add__(self, other: Any) -> Array:
        return self.namespace.add(self, other)

    def __radd__(self, other: Any) -> Array:
        return self.namespace.add(other, self)

    def __sub__(self, other: Any) -> Array:
        return self.namespace.subtract(self, other)

    def __rsub__(self, other: Any) -> Array:
        return self.namespace.subtract(other, self)

    def __mul__(self, other: Any) -> Array:
        return self.namespace.multiply(self, other)

    def __rmul__(self, other: Any) -> Array:
        return self.namespace.multiply(other, self)

    def __truediv__(self, other: Any) -> Array:
        return self.namespace.divide(self, other)

    def __rtruediv__(self, other: Any) -> Array:
        return self.namespace.divide(other, self)

    def __pow__(self, other: Any) -> Array:
        if self.dtype.kind == "b" and isinstance(other, int) and other == 2:
            return self.namespace.square(self)  # as NumPy's operator, whose dtype is square's
        return self.namespace.pow(self, other)

    def __rpow__(self, other: Any) -> Array:
        return self.namespace.pow(other, self)

    def __matmul__(self, other: Any) -> Array:
        return self.namespace.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Array:
        return self.namespace.matmul(other, self)

    def __neg__(self) -> Array:
        return self.namespace.negative(self)

    def __pos__(self) -> Array:
        return self.namespace.positive(self)

    def __abs__(self) -> Array:
        return self.namespace.abs(self)

    def __lt__(self, other: Any) -> Array:
        return self.namespace.less(self, other)

    def __le__(self, other: Any) -> Array:
        return self.namespace.less_equal(self, other)

    def __gt__(self, other: Any) -> Array:
        return self.namespace.greater(self, other)

    def __ge__(self, other: Any) -> Array:
        return self.namespace.greater_equal(self, other)

    def __eq__(self, other: object) -> Array:  # type: ignore[override]  # element-wise
        operand: Any = other
        return self.namespace.equal(self, operand)

    def __ne__(self, other: object) -> Array:  # type: ignore[override]  # element-wise
        operand: Any = other
        return self.namespace.not_equal(self, operand)

    def __and__(self, other: Any) -> Array:
        return self.namespace.on_conditions("&", "logical_and", self, other)

    __rand__ = __and__

    def __or__(self, other: Any) -> Array:
        return self.namespace.on_conditions("|", "logical_or", self, other)

    __ror__ = __or__

    def __xor__(self, other: Any) -> Array:
        return self.namespace.on_conditions("^", "logical_xor", self, other)

    __rxor__ = __xor__

    def __invert__(self) -> Array:
        return self.namespace.on_conditions("~", "logical_not", self)

    # -- refusals

    def _refuse_value(self, wanted: str, instead: str = CHOOSE) -> NoReturn:
        raise UnsupportedOperation(
            f"The loss asked for {wanted} of a {self.namespace.kind} array of shape {self.shape}, "
            f"whose values are not known here: it stands for every value at once. {instead}"
        )

    def __bool__(self) -> NoReturn:
        self._refuse_value("the truth value")

    def __float__(self) -> NoReturn:
        self._refuse_value("the float", f"{CHOOSE} {FUNCTIONS}")

    def __int__(self) -> NoReturn:
        self._refuse_value("the int", f"{CHOOSE} {FUNCTIONS} {FIXED}")

    def __complex__(self) -> NoReturn:
        self._refuse_value("the complex number")

    def __format__(self, how: str) -> str:
        if how:
            self._refuse_value(
                f"the text {how!r}",
                "Take it out of the loss, and print the loss itself: problem.value(params).",
            )
        return repr(self)

    def __round__(self, digits: int | None = None) -> NoReturn:
        self._refuse_value("the number rounded", "Write xp.round(x) for round(x).")

    def __trunc__(self) -> NoReturn:
        self._refuse_value("the whole number", "Write xp.trunc(x) for math.trunc(x).")

    def __floor__(self) -> NoReturn:
        self._refuse_value("the whole number", "Write xp.floor(x) for math.floor(x).")

    def __ceil__(self) -> NoReturn:
        self._refuse_value("the whole number", "Write xp.ceil(x) for math.ceil(x).")

    def __index__(self) -> NoReturn:
        self._refuse_value(
            "the integer",
            "Lengths are known: write range(x.shape[0]) for range(x), or loop over x itself. "
            f"{FIXED}",
        )

    def _refuse_operator(self, *_: Any) -> NoReturn:
        raise UnsupportedOperation(
            "The operators %, // and divmod are not among those that a loss can use on a "
            f"{self.namespace.kind} array. Write x - y * xp.floor(x / y) for x % y, and "
            "xp.floor(x / y) for x // y; of data alone, compute it beforehand and pass it as data."
        )

    __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = _refuse_operator
    __divmod__ = __rdivmod__ = _refuse_operator

    def _refuse_shift(self, *_: Any) -> NoReturn:
        raise UnsupportedOperation(
            "The operators << and >> work on the bits of integers, which no method follows. Write "
            "x * 2.0**k for x << k, and xp.floor(x / 2.0**k) for x >> k; of data alone, compute it "
            "beforehand and pass it as data."
        )

    __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = _refuse_shift

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UnsupportedOperation(
            f"A {self.namespace.kind} array of shape {self.shape} was to become an array of "
            "NumPy's, as by np.array or a function of another package. Write xp. where np. stands, "
            "and xp.astype(x, xp.float32) for np.float32(x); what is of data alone, compute "
            "beforehand and pass as data."
        )

    __dlpack__ = __dlpack_device__ = __array__

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> NoReturn:
        name = function.__name__
        module = function.__module__.replace("numpy", "np", 1)
        raise UnsupportedOperation(
            f"{module}.{name} was called on a {self.namespace.kind} array of shape {self.shape}. "
            f"{self.namespace.advice(name)} The loss is given xp to use where np would stand."
        )

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise UnsupportedOperation(
            f"The loss writes into a {self.namespace.kind} array (x[...] = value), but arrays here "
            "are never written to. Build the array with xp.where, xp.concat or xp.stack."
        )

    def __delitem__(self, index: Any) -> NoReturn:
        raise UnsupportedOperation(
            f"The loss deletes from a {self.namespace.kind} array, but arrays here do not change. "
            "Join what is to stay: xp.concat([x[:i], x[i + 1 :]])."
        )

    def __copy__(self) -> Array:
        return self  # nobody writes to it

    def __deepcopy__(self, memo: Any) -> Array:
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise UnknownAttribute(f"A {self.namespace.kind} array has no {name}.")
        instead = f"Write {METHODS[name]}." if name in METHODS else self.namespace.advice(name)
        if instead == f"Write xp.{name}.":
            instead = f"Write xp.{name}(x), and its axis by keyword: axis=0."
        raise UnknownAttribute(
            f"A {self.namespace.kind} array has no attribute {name!r}: the array API standard has "
            f"few methods. {instead}"
        )
