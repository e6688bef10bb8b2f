"""The one array class: operators and indexing; everything else is the namespace's.

Traced, symbolic, ball and complex arrays are all `Array`s with another namespace. The class never
computes anything itself, and it refuses whatever would silently leave the namespace: NumPy's own
functions, conversion to numbers, truth values, item assignment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from gradmethods.errors import UnknownAttribute, UnsupportedOperation
from gradmethods.xp.methods import Methods

if TYPE_CHECKING:
    import numpy as np

ADVICE = {
    "item": "x itself: its value is not known while the loss is recorded",
    "tolist": "x itself: its value is not known while the loss is recorded",
    "fill": "xp.full(shape, value)",
    "flat": "xp.reshape(x, (-1,))",
    "itemsize": "x.dtype.itemsize",
    "nbytes": "x.size * x.dtype.itemsize",
    "device": '"cpu": there is no other device',
    "to_device": "x itself: there is one device",
    "sort": "xp.sort(x), which makes a new array: NumPy's method writes into the old one",
}
"""What to write instead of an attribute or method that arrays here have not."""


FIXED = (
    "A number of data that must be known, for a length or a count of steps, is no data: close over "
    "it, or bind it with functools.partial(loss, n=5)."
)
CHOOSE = "Choose between values with xp.where(condition, a, b); keep numbers as arrays."
FUNCTIONS = (
    "Functions of xp take arrays where those of math take floats: xp.sin(x) for math.sin(x). What "
    "is of data alone, compute beforehand and pass as data."
)


def _operator(function: str, *, reflected: bool = False) -> Callable[[Array, Any], Array]:
    """Make the method of a binary operator: a function of the namespace, by its name."""

    def forward(self: Array, other: Any) -> Array:
        result: Array = getattr(self.namespace, function)(self, other)
        return result

    def backward(self: Array, other: Any) -> Array:
        result: Array = getattr(self.namespace, function)(other, self)
        return result

    return backward if reflected else forward


def _sign(function: str) -> Callable[[Array], Array]:
    """Make the method of an operator with one operand."""

    def method(self: Array) -> Array:
        result: Array = getattr(self.namespace, function)(self)
        return result

    return method


def _logic(symbol: str, function: str) -> Callable[..., Array]:
    """Make the method of an operator that is logic on conditions, and nothing else."""

    def method(self: Array, *other: Any) -> Array:
        result: Array = self.namespace.on_conditions(symbol, function, self, *other)
        return result

    return method


class Array(Methods):
    """An array over some namespace, standing where a NumPy array would stand in a loss.

    Parameters
    ----------
    namespace : gradmethods.xp.Namespace
        Its functions do all the work. It knows this class, so this class asks it by name.
    payload : Any
        What the namespace computes with: a node of a graph, symbols, complex numbers, ….
    """

    __slots__ = ("namespace", "payload")
    # Makes `ndarray * Array` come to `Array.__rmul__` instead of building an object array.
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]  # == is element-wise, as in NumPy

    def __init__(self, namespace: Any, payload: Any) -> None:
        self.namespace = namespace
        self.payload = payload

    def __repr__(self) -> str:
        return f"<{self.namespace.kind} array of shape {self.shape}, {self.dtype}>"

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return self.namespace

    # -- attributes of the standard

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        shape: tuple[int, ...] = self.namespace.shape_of(self.payload)
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype of the entries that this array stands for."""
        dtype: np.dtype[Any] = self.namespace.dtype_of(self.payload)
        return dtype

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
        result: Array = self.namespace.permute_dims(self, tuple(reversed(range(self.ndim))))
        return result

    @property
    def mT(self) -> Array:  # the standard's name
        """The array with its last two axes exchanged."""
        result: Array = self.namespace.matrix_transpose(self)
        return result

    def __len__(self) -> int:
        if not self.shape:
            raise UnsupportedOperation("A scalar (shape ()) has no length; use x.size.")
        return self.shape[0]

    def __getitem__(self, index: Any) -> Array:
        result: Array = self.namespace.getitem(self, index)
        return result

    def __iter__(self) -> Iterator[Array]:
        return iter([self[i] for i in range(len(self))])

    # -- operators, each with its reflection

    __add__, __radd__ = _operator("add"), _operator("add", reflected=True)
    __sub__, __rsub__ = _operator("subtract"), _operator("subtract", reflected=True)
    __mul__, __rmul__ = _operator("multiply"), _operator("multiply", reflected=True)
    __truediv__, __rtruediv__ = _operator("divide"), _operator("divide", reflected=True)
    __matmul__, __rmatmul__ = _operator("matmul"), _operator("matmul", reflected=True)
    __mod__, __rmod__ = _operator("remainder"), _operator("remainder", reflected=True)
    __floordiv__ = _operator("floor_divide")
    __rfloordiv__ = _operator("floor_divide", reflected=True)

    def __divmod__(self, other: Any) -> tuple[Array, Array]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Array, Array]:
        return other // self, other % self

    def __pow__(self, other: Any) -> Array:
        square = self.dtype.kind == "b" and isinstance(other, int) and other == 2
        # As NumPy's operator, whose dtype is square's.
        result: Array = self.namespace.square(self) if square else self.namespace.pow(self, other)
        return result

    __rpow__ = _operator("pow", reflected=True)

    __neg__, __pos__, __abs__ = _sign("negative"), _sign("positive"), _sign("abs")

    __lt__, __le__ = _operator("less"), _operator("less_equal")
    __gt__, __ge__ = _operator("greater"), _operator("greater_equal")
    __eq__ = _operator("equal")  # type: ignore[assignment]  # element-wise, as in NumPy
    __ne__ = _operator("not_equal")  # type: ignore[assignment]  # as above

    __and__ = __rand__ = _logic("&", "logical_and")
    __or__ = __ror__ = _logic("|", "logical_or")
    __xor__ = __rxor__ = _logic("^", "logical_xor")
    __invert__ = _logic("~", "logical_not")

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
            "are never written to. Build the array with xp.where, xp.concat, xp.pad or xp.stack; a "
            "lower triangle of entries x with xp.where(np.tri(n, dtype=bool), x[k], 0), where "
            "k = np.cumsum(np.tri(n, dtype=int)).reshape(n, n) - 1."
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
        instead = f"Write {ADVICE[name]}." if name in ADVICE else self.namespace.advice(name)
        if instead == f"Write xp.{name}.":
            instead = f"Write xp.{name}(x)."
        raise UnknownAttribute(
            f"A {self.namespace.kind} array has no attribute {name!r}. {instead}"
        )
