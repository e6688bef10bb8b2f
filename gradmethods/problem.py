"""A problem: a loss, its parameters and its data. Read this file first.

Nothing here differentiates. A problem knows how to evaluate its loss in plain NumPy, and checks at
once what every method relies on: a real scalar comes back, and a loss declared to be a mean over
examples is one.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradmethods.errors import InvalidProblem, ShapeMismatch, UnsupportedOperation
from gradmethods.namespace.signature import check_signature, wanted
from gradmethods.naming import exact, printable
from gradmethods.one_function import Seen, look
from gradmethods.structure import (
    Arrays,
    Parameters,
    ParametersLike,
    Structure,
    check_array,
    read_data,
    read_parameters,
)

Loss = Callable[..., Any]


class Problem:
    """A loss to differentiate, at a point, on data.

    Parameters
    ----------
    loss : callable
        ``loss(params, **data, xp=xp)`` returns a real scalar (0-d). `params` has the structure
        given here; `xp` stands where ``np`` would stand and offers the functions of the Python
        array API standard (2024.12).
    params : array_like, or dicts, lists, tuples, named tuples and dataclasses of them, nested
        The point: arrays of any shapes, ``()`` and Python floats included; all float64 or all
        float32. Copied. The loss is given the same containers, and gradients come back in them. An
        array is named by its path, as in ``layers.0.W``. Lists of numbers alone are arrays. None is
        handed on as it is, and so is a field of a dataclass with ``metadata={"static": True}``.
    data : dict of str to array_like, optional
        Constants of the loss, passed by name. Floating data are cast to the dtype of `params`;
        integers and booleans are kept. Copied.
    examples : iterable of str, optional
        Names of the data whose leading axis counts examples. Declares that the loss is the mean
        (or the sum) over examples of one and the same function; this is checked here on random
        sub-batches, and proven on symbols by `Analytical`.
    name : str, optional
        Shown in tables; the name of the loss function by default.

    Raises
    ------
    InvalidProblem
        If the loss cannot take the data and `xp` by name, or does not return a real scalar; if two
        calls at the same point differ, so that it is no function of its parameters; if the
        parameters are empty, not floating, not finite or of mixed dtypes; or if the loss is not a
        mean or sum over `examples`.

    Attributes
    ----------
    keeps_arguments : bool
        Whether the loss keeps arrays that it was given and looks at them later, so that every call
        must be given its own.

    Notes
    -----
    The loss is called five times: twice at the point, and at two points within a thousandth of it,
    of which the second is in the memory of the first, and once more in its own. A loss that keeps
    its arguments is called a few times more.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> def loss(w, x, *, xp=np):
    ...     return xp.mean((x @ w - 1) ** 2)
    >>> problem = gm.Problem(loss, np.array([1.0, 2.0]), {"x": [[0.5, 0.25], [1.0, 0.0]]})
    >>> problem.size
    2
    >>> problem.value()
    np.float64(0.0)
    """

    def __init__(
        self,
        loss: Loss,
        params: ParametersLike,
        data: Mapping[str, ArrayLike] | None = None,
        *,
        examples: Iterable[str] = (),
        name: str = "",
    ) -> None:
        if not callable(loss):
            raise InvalidProblem(
                f"loss must be a function loss(params, **data, xp), got {type(loss).__name__}."
            )
        self.loss = loss
        self.name = printable(exact(name or _name_of(loss)))
        self.structure: Structure
        self.structure, self._arrays = read_parameters(params)
        self.data: Arrays = read_data(data, self.structure.dtype)
        given: tuple[Any, ...] = (examples,) if isinstance(examples, str) else tuple(examples)
        self.examples = tuple(exact(name) if isinstance(name, str) else name for name in given)
        check_signature(loss, self.data, self.name)
        own = self.structure.restore(self._arrays)  # lives on, or its address would come again
        value = self._first_value(own)
        self._check_value(value)
        # A float at once: the loss may hold what it returned.
        seen = look(self, own, float(value))
        self.keeps_arguments = seen.keeps
        self._known = (self.loss, self._arrays, self.data, seen)
        if self.examples:
            self._check_examples()

    def __getstate__(self) -> dict[str, Any]:
        try:
            pickle.dumps(self.loss)
        except Exception as error:
            raise UnsupportedOperation(
                f"The problem {self.name!r} cannot be pickled, because its loss cannot: {error}. "
                "Define the loss with def at the top of a module, or as an object of a class there "
                "that holds what a closure would."
            ) from error
        return self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for array in (*self._arrays.values(), *self.data.values()):
            array.setflags(write=False)

    def __copy__(self) -> Problem:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Problem:
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        twin.__setstate__(copy.deepcopy(self.__dict__, memo))
        return twin

    def __repr__(self) -> str:
        return f"<Problem {self.name!r}: {self.size} parameters, {self.dtype}>"

    @property
    def params(self) -> Parameters:
        """The point, in the structure that the user gave (read-only arrays)."""
        return self.structure.restore(self._arrays)

    @property
    def flat_params(self) -> NDArray[Any]:
        """The point as one vector, a new one each time: where optimisers start.

        Examples
        --------
        >>> import gradmethods as gm
        >>> gm.problems.get("rosenbrock", n=2).flat_params.shape
        (2,)
        """
        return self.structure.join(self._arrays)

    def unflatten(self, vector: ArrayLike) -> Parameters:
        """Give a vector like `flat_params` the structure of the parameters.

        Raises
        ------
        ShapeMismatch
            If it is not of shape (n,).

        Examples
        --------
        >>> import gradmethods as gm
        >>> problem = gm.problems.get("network-1-1-1")
        >>> list(problem.unflatten([0.5, 0.0, 0.25, 1.0]))
        ['w_h', 'b_h', 'w_y', 'b_y']
        """
        structure = self.structure
        flat = check_array("parameter", "vector", vector, (structure.size,), structure.dtype)
        return structure.restore(structure.split(flat))

    @property
    def dtype(self) -> np.dtype[Any]:
        """float64 or float32: the dtype of parameters, floating data and gradients."""
        return self.structure.dtype

    @property
    def size(self) -> int:
        """Number of scalar parameters, n."""
        return self.structure.size

    @property
    def seen(self) -> Seen | None:
        """What the loss gave when the problem was made; None if loss, point or data changed."""
        loss, arrays, data, seen = self._known
        same = self.loss is loss and self._arrays is arrays and self.data is data
        return seen if same else None

    def value(self, params: ParametersLike | None = None, **data: ArrayLike) -> np.floating[Any]:
        """Evaluate the loss in plain NumPy: one forward pass.

        Parameters
        ----------
        params : array_like or dict, optional
            Another point of the same structure; the problem's own by default.
        **data : array_like
            Other data of the same shapes.

        Returns
        -------
        numpy.float64 or numpy.float32
        """
        arrays = self._arrays if params is None else self.structure.check(params)
        found = self._evaluate(self.structure.restore(arrays), self.fill(data))
        with np.errstate(over="ignore"):  # a loss may compute in float64 what float32 cannot hold
            value: np.floating[Any] = self.dtype.type(found)
        return value

    def fill(self, data: Mapping[str, ArrayLike]) -> Arrays:
        """Check given data against the problem's, and take the rest from the problem."""
        if not data:
            return self.data
        unknown = sorted(data.keys() - self.data.keys())
        if unknown:
            raise ShapeMismatch(
                f"Unknown data {unknown}; this problem's data are named {list(self.data)}."
            )
        given = {
            name: check_array("data", name, value, self.data[name].shape, self.data[name].dtype)
            for name, value in data.items()
        }
        return self.data | given

    def _evaluate(self, params: Parameters, data: Arrays) -> Any:
        # A point where the loss overflows is a finding, not a fault: no warning escapes.
        with np.errstate(all="ignore"):
            return self.loss(params, **data, xp=np)

    def _first_value(self, params: Parameters) -> Any:
        try:
            return self._evaluate(params, self.data)
        except TypeError as error:
            inner = error.__traceback__ and error.__traceback__.tb_next
            if inner and inner.tb_next:  # raised by the loss, which was called: the user's own
                raise
            raise InvalidProblem(
                f"The loss {self.name!r} cannot be called: {error}. {wanted(self.data)}"
            ) from error
        except AttributeError as error:
            if not str(error).startswith("module 'numpy"):
                raise
            from gradmethods.namespace import Namespace
            from gradmethods.namespace.advice import advice

            raise InvalidProblem(
                f"The loss {self.name!r} asks for a function that there is not: {error}. "
                f"{advice(str(error.name), dir(Namespace))}"
            ) from error
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            raise InvalidProblem(
                f"The loss {self.name!r} writes into an array that it was given ({error}), but "
                "parameters and data are never written to. Make a new array: w = w * x for w *= x."
            ) from error

    def _check_value(self, value: Any) -> None:
        if value is None:
            raise InvalidProblem(
                f"The loss {self.name!r} must return a real floating-point number, got None. Does "
                "it end without return?"
            )
        check_scalar(np.shape(value), np.asarray(value).dtype, self.name)

    def _check_examples(self) -> None:
        from gradmethods.examples import check_examples

        check_examples(self)


def _name_of(loss: Loss) -> str:
    name = getattr(loss, "__name__", None)
    if not isinstance(name, str):
        name = type(loss).__name__
    return "loss" if name == "<lambda>" else name


def check_scalar(shape: tuple[int, ...], dtype: np.dtype[Any], name: str) -> None:
    """Refuse what a loss returned if it is not a real floating-point scalar."""
    if shape != ():
        raise InvalidProblem(
            f"The loss {name!r} must return a scalar (shape ()), got shape {shape}. "
            "Reduce it with xp.sum or xp.mean."
        )
    if dtype.kind != "f":
        raise InvalidProblem(
            f"The loss {name!r} must return a real floating-point number, got {dtype}. "
            "Return a float built from the parameters with xp functions."
        )
