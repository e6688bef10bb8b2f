"""Special functions for losses, on arrays of any kind: NumPy's, or those that a method passes.

In a loss::

    from gradmethods import special


    def loss(w, *, X, counts, xp=np):
        rate = X @ w
        return xp.mean(xp.exp(rate) - counts * rate + special.gammaln(counts + 1))

Functions of one or two numbers work entry by entry, and broadcast; the others along an axis. Plain
NumPy arrays are evaluated here, to a few units in the last place and without another package.
Functions that are compositions of others are written once, over the namespace of their arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from importlib import import_module
from typing import Any

import numpy as np

from gradmethods.errors import InvalidOption, UnsupportedOperation
from gradmethods.xp.primitives import TABLE, Kind, Primitive, enter, get_primitive

__all__ = [
    "add",
    "digamma",
    "erf",
    "erfc",
    "expit",
    "gammaln",
    "log_expit",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "ndtr",
    "softmax",
    "xlogy",
]

KNOWN = (np.ndarray, np.generic, int, float, list, tuple)
"""What NumPy evaluates."""

THEIRS = {
    "torch": ("array_api_compat.torch", "torch.special"),
    "jax": ("jax.numpy", "jax.scipy.special"),
    "jaxlib": ("jax.numpy", "jax.scipy.special"),
    "autograd": ("autograd.numpy", "autograd.scipy.special"),
}
"""By the package of an array, its namespace, and where its own special functions are."""

OTHERS = (
    "Functions of gradmethods.special take the arrays of NumPy, of a loss, of torch, JAX and "
    "autograd; for others call the functions of their own package"
)

Axis = int | tuple[int, ...] | None


def _silent(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let NumPy go through infinities without a warning: 1/(1 + ∞) is 0, as it should be."""

    @wraps(function)
    def call(*operands: Any, **options: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*operands, **options)

    return call


def erf(x: Any, /) -> Any:
    """Return the error function, 2/√π times the integral of exp(-t²) from 0 to x.

    Parameters
    ----------
    x : array, any shape

    Returns
    -------
    array
        Of the shape of `x`, and of its dtype where that is floating-point.

    Examples
    --------
    >>> import numpy as np
    >>> erf(np.array([0.0, 1.0]))
    array([0.        , 0.84270079])
    """
    return _entry_by_entry("erf", x)


def erfc(x: Any, /) -> Any:
    """Return 1 - erf(x), also where it is tiny.

    Examples
    --------
    >>> print(f"{erfc(10.0):.12g}")
    2.08848758376e-45
    """
    return _entry_by_entry("erfc", x)


def ndtr(x: Any, /) -> Any:
    """Return the distribution function of the standard normal distribution.

    Examples
    --------
    >>> float(ndtr(0.0))
    0.5
    """
    return _entry_by_entry("ndtr", x)


def log_ndtr(x: Any, /) -> Any:
    """Return the logarithm of the normal distribution function, also where that underflows.

    Examples
    --------
    >>> round(float(log_ndtr(-100.0)), 6)
    -5005.524209
    """
    return _entry_by_entry("log_ndtr", x)


def gammaln(x: Any, /) -> Any:
    """Return the logarithm of ``|Γ(x)|``; n! is Γ(n + 1).

    Between negative integers digits are lost beside its zeros.

    Examples
    --------
    >>> import numpy as np
    >>> np.round(np.exp(gammaln(np.array([1.0, 2.0, 5.0]))))
    array([ 1.,  1., 24.])
    """
    return _entry_by_entry("gammaln", x)


def digamma(x: Any, /) -> Any:
    """Return the derivative of `gammaln`; NaN at 0 and at negative integers.

    Between negative integers digits are lost beside its zeros.

    Examples
    --------
    >>> float(digamma(1.0))
    -0.5772156649015329
    """
    return _entry_by_entry("digamma", x)


def xlogy(x: Any, y: Any, /) -> Any:
    """Return x log(y), and 0 where x is 0, as entropies and counts have it.

    Where `x` is a parameter that is 0, its derivative is log(y).

    Examples
    --------
    >>> import numpy as np
    >>> xlogy(np.array([0.0, 2.0]), np.array([0.0, 1.0]))
    array([0., 0.])
    """
    return _entry_by_entry("xlogy", x, y)


@_silent
def expit(x: Any, /) -> Any:
    """Return 1/(1 + exp(-x)), the logistic function.

    Examples
    --------
    >>> import numpy as np
    >>> expit(np.array([-800.0, 0.0]))
    array([0. , 0.5])
    """
    return 1 / (1 + _namespace(x).exp(-_plain(x)))


def log_expit(x: Any, /) -> Any:
    """Return the logarithm of `expit`, also where that underflows.

    Examples
    --------
    >>> float(log_expit(-800.0))
    -800.0
    """
    xp, x = _namespace(x), _plain(x)
    zero = 0.0 if xp is np or hasattr(xp, "bind") else xp.zeros_like(x)
    return -xp.logaddexp(-x, zero)


@_silent
def logit(p: Any, /) -> Any:
    """Return log(p/(1 - p)), the inverse of `expit`.

    Examples
    --------
    >>> float(logit(0.5))
    0.0
    """
    xp, p = _namespace(p), _plain(p)
    return xp.log(p) - xp.log1p(-p)


@_silent
def logsumexp(x: Any, /, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """Return the logarithm of the sum of exponentials over axes, without overflow.

    Parameters
    ----------
    x : array, any shape
    axis : int or tuple of int, optional
        All axes if not given.
    keepdims : bool

    Returns
    -------
    array
        -∞ where all entries are; there it has no derivative.

    Examples
    --------
    >>> float(logsumexp([800.0, 800.0]) - 800)
    0.6931471805598903
    """
    xp, x = _namespace(x), _plain(x)
    shifted, largest = _shifted(xp, x, axis)
    total = xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True)) + largest
    return total if keepdims else xp.squeeze(total, axis=_axes(axis, x.ndim))


@_silent
def softmax(x: Any, /, axis: Axis = None) -> Any:
    """Return exponentials over their sum along axes, without overflow.

    Examples
    --------
    >>> softmax([800.0, 800.0])
    array([0.5, 0.5])
    """
    xp, x = _namespace(x), _plain(x)
    powers = xp.exp(_shifted(xp, x, axis)[0])
    return powers / xp.sum(powers, axis=axis, keepdims=True)


@_silent
def log_softmax(x: Any, /, axis: Axis = None) -> Any:
    """Return the logarithm of `softmax`, also where that underflows.

    Examples
    --------
    >>> log_softmax([0.0, -800.0])
    array([   0., -800.])
    """
    xp, x = _namespace(x), _plain(x)
    shifted, _ = _shifted(xp, x, axis)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


def _shifted(xp: Any, x: Any, axis: Axis) -> tuple[Any, Any]:
    """Take the largest entry from all; nothing where it is infinite."""
    largest = xp.max(x, axis=axis, keepdims=True)
    largest = xp.where(xp.isfinite(largest), largest, 0.0)
    return x - largest, largest


def add(entry: Primitive) -> Callable[..., Any]:
    """Add a primitive of one's own, and return it as a function for losses.

    Parameters
    ----------
    entry : Primitive
        A smooth function of one or two numbers, as ``gradmethods.xp.primitives.unary`` and `binary`
        make it: its values in NumPy, and what each method takes; a method whose field is missing
        refuses it. Adding one of the same name again replaces it.

    Raises
    ------
    InvalidOption
        If it is of another kind, or has the name of one of the suite's.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> from gradmethods.xp.primitives import unary
    >>> softplus = gm.special.add(
    ...     unary(
    ...         "softplus",
    ...         numpy=lambda x: np.logaddexp(0, x),
    ...         vjp=lambda xp, g, y, x: g / (1 + xp.exp(-x)),
    ...     )
    ... )
    >>> problem = gm.Problem(lambda w, *, xp=np: xp.sum(softplus(w)), np.zeros(3))
    >>> gm.Backprop().prepare(problem)(problem.params).gradient
    array([0.5, 0.5, 0.5])
    """
    known = TABLE.get(entry.name)
    if known is not None and known.name not in _ADDED:
        raise InvalidOption(
            f"There is a primitive {entry.name!r} in the suite. Name yours otherwise."
        )
    if entry.kind is not Kind.SMOOTH or not entry.arity:
        raise InvalidOption(
            f"Only smooth functions of one or two numbers can be added; {entry.name!r} is of the "
            f"kind {entry.kind.name.lower()}."
        )
    plain = entry.numpy

    def numpy(*given: Any, out: Any = None) -> Any:
        """Evaluate it, into the array behind the operands if there is one: so programs call it."""
        operands, last = given[: entry.arity], given[entry.arity :]
        target = last[0] if last else out
        if target is None:
            return plain(*operands)
        target[...] = plain(*operands)
        return target

    enter(replace(entry, numpy=numpy, module="special"))
    _ADDED.add(entry.name)

    @_silent
    def function(*operands: Any) -> Any:
        return _entry_by_entry(entry.name, *operands)

    function.__name__ = function.__qualname__ = entry.name
    return function


_ADDED: set[str] = set()
"""Names of the primitives that users added."""


def _axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    return axis if isinstance(axis, tuple) else (axis,)


def _entry_by_entry(name: str, *operands: Any) -> Any:
    xp = _namespace(*operands)
    if xp is np:
        return get_primitive(name).numpy(*map(_plain, operands))
    if hasattr(xp, "bind"):
        return xp.bind(name, *operands)
    modules = dict(THEIRS.values())
    own = getattr(import_module(modules[xp.__name__]), name, None)
    if own is None:
        raise UnsupportedOperation(f"{modules[xp.__name__]} has no {name}.")
    return own(*operands)


def _plain(x: Any) -> Any:
    """Return arrays as they are, and lists, numbers and truths as arrays of floats."""
    if isinstance(x, (int, float, list, tuple)):
        return np.asarray(x, np.float64)
    if getattr(x, "dtype", None) != np.bool_:
        return x
    xp = _namespace(x)
    return xp.astype(x, xp.float64)


def _namespace(*operands: Any) -> Any:
    """Return the namespace of operands: NumPy, or that of a method."""
    for x in operands:
        if isinstance(x, KNOWN):
            continue
        package = type(x).__module__.partition(".")[0]
        if package in THEIRS:
            return import_module(THEIRS[package][0])
        if not hasattr(x, "__array_namespace__"):
            raise UnsupportedOperation(f"{OTHERS}, got {type(x).__module__}.{type(x).__name__}.")
        xp = x.__array_namespace__()
        if not hasattr(xp, "bind"):
            raise UnsupportedOperation(f"{OTHERS}, got those of {xp.__name__}.")
        return xp
    return np
