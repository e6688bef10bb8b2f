"""A problem: a loss, its parameters and its data. Read this file first.

Nothing here differentiates. A problem knows how to evaluate its loss in plain NumPy, and checks at
once what every method relies on: a real scalar comes back, and a loss declared to be a mean over
examples is one.
"""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from gradmethods.core.black_box import BlackBox, are_taken, boxed, read_error
from gradmethods.core.bounds import Bounds, read_bounds
from gradmethods.core.declared import Loss, some_components
from gradmethods.core.examples import check_examples
from gradmethods.core.first_call import first_value
from gradmethods.core.naming import called, exact, printable
from gradmethods.core.one_function import Seen, copied, look, same
from gradmethods.core.structure import (
    Arrays,
    Parameters,
    ParametersLike,
    Structure,
    check_array,
    read_data,
    read_parameters,
)
from gradmethods.errors import InvalidProblem, ShapeMismatch, UnsupportedOperation
from gradmethods.xp.signature import check_signature, lacks_xp


class Problem:
    """A loss to differentiate, at a point, on data.

    Parameters
    ----------
    loss : callable
        ``loss(params, **data, xp=xp)`` returns a real scalar (0-d). `params` has the structure
        given here; `xp` stands where ``np`` would stand and offers the functions of the Python
        array API standard (2024.12). With `black_box`, ``loss(params, **data)`` is any callable
        that returns a number.
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
        sub-batches, and proven by `Analytical`.
    name : str, optional
        Shown in tables; the name of the loss function by default.
    black_box : bool, default False
        Whether values are all that is known of the loss: a solver, a torch model, compiled code, a
        function full of ``np.``. It takes part in differences, checks and advice, and gets new
        arrays at each call. Where two calls at one point differ, the noise is estimated.
    bounds : tuple, optional
        ``(low, high)``, each a number, None, or numbers like `params`: outside, differences never
        call the loss, and look to one side at a bound.
    loss_error : float, default 0
        By how much values of a black box may be off, in units of the loss, alike at all points near
        by: the tolerance of a solver within it. Gradients are then right to fewer digits.

    Raises
    ------
    InvalidProblem
        If the loss cannot take the data and `xp` by name, or does not return a real scalar; if two
        calls at one point differ, but of a black box; if parameters are empty, not finite floats of
        one dtype, or out of bounds; if the loss is not a mean or sum over `examples`; or if
        `loss_error` is no number from 0 on, or is given for a loss over `xp`.

    Attributes
    ----------
    keeps_arguments : bool
        Whether the loss looks at arrays later that it was given, so that each call gets its own.
    bounds : Bounds or None
        On the parameters, flat.
    repeats : bool
        Whether two calls at the point gave the same value: not so for a black box with noise.

    Notes
    -----
    The loss is called three times: at the point, and twice at one within a thousandth of it, first
    in the memory of the point itself, then in memory of its own. A loss that keeps its arguments is
    called a few times more. A black box is called twice, at the point.

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

    Code that knows nothing of `xp` is a black box:

    >>> box = gm.Problem(lambda w: max(w) ** 2, [1.0, 3.0], black_box=True)
    >>> gm.check_gradient(lambda w: [0.0, 2 * w[1]], box).ok
    True
    """

    loss: Loss
    name: str
    structure: Structure
    data: Arrays
    examples: tuple[str, ...]
    keeps_arguments: bool
    bounds: Bounds | None
    black_box: bool
    loss_error: float = 0.0
    repeats: bool = True
    _arrays: Arrays
    _known: tuple[Loss, Arrays, Arrays, Seen]

    def __init__(
        self,
        loss: Loss,
        params: ParametersLike,
        data: Mapping[str, ArrayLike] | None = None,
        *,
        examples: Iterable[str] = (),
        name: str = "",
        black_box: bool = False,
        bounds: Any = None,
        loss_error: float = 0.0,
    ) -> None:
        if not callable(loss):
            raise InvalidProblem(
                f"loss must be a function loss(params, **data, xp), got {type(loss).__name__}."
            )
        structure, arrays = read_parameters(params)
        given: tuple[Any, ...] = (examples,) if isinstance(examples, str) else tuple(examples)
        vars(self).update(
            loss=loss,
            name=printable(exact(name or called(loss, "loss"))),
            structure=structure,
            _arrays=arrays,
            data=read_data(data, structure.dtype),
            examples=tuple(exact(each) if isinstance(each, str) else each for each in given),
            bounds=read_bounds(bounds, structure, arrays),
        )
        taken = not black_box and are_taken() and lacks_xp(loss)
        vars(self).update(black_box=black_box or taken or isinstance(loss, BlackBox))
        vars(self).update(loss_error=read_error(loss_error, boxed=self.black_box))
        if self.black_box:
            seen = self._look_outside(asked=not taken)
        else:
            check_signature(loss, self.data, self.name)
            moving = copied(arrays)
            own = structure.restore(moving)  # lives on, or its address would come again
            # A float at once: the loss may hold what it returned.
            seen = look(self, arrays, moving, own, float(first_value(self, own)))
        vars(self).update(keeps_arguments=seen.keeps, _known=(self.loss, arrays, self.data, seen))
        if self.examples:
            check_examples(self)

    def _look_outside(self, *, asked: bool) -> Seen:
        """Call a black box twice at the point, and measure its noise by the difference."""
        box = boxed(self, asked=asked)
        vars(self).update(loss=box)
        with box.watched(self.data):
            first = float(first_value(self, self.params))
        second = float(first_value(self, self.params))
        vars(self).update(repeats=same(first, second))
        return Seen(first, 0, math.nan, keeps=False)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise UnsupportedOperation(
            f"{name!r} of the problem {self.name!r} was to be set, but problems do not change. "
            "Make another one with problem.replace(...)."
        )

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
        return (
            f"<Problem {self.name!r}: {self.size} parameter{'s' * (self.size != 1)}, {self.dtype}>"
        )

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
        """The values of the loss when the problem was made; None if something changed since."""
        loss, arrays, data, seen = self._known
        same = self.loss is loss and self._arrays is arrays and self.data is data
        return seen if same else None

    def value(self, params: ParametersLike | None = None, **data: ArrayLike) -> np.floating[Any]:
        """Evaluate the loss in plain NumPy: one forward pass, in the dtype of the problem.

        Parameters
        ----------
        params : array_like or dict, optional
            Another point of the same structure; the problem's own by default.
        **data : array_like
            Other data of the same shapes.
        """
        arrays = self._arrays if params is None else self.structure.check(params)
        # A point where the loss overflows is a finding, not a fault: no warning escapes. And it may
        # compute in float64 what float32 cannot hold.
        with np.errstate(all="ignore"):
            found = self.loss(self.structure.restore(arrays), **self.fill(data), xp=np)
            value: np.floating[Any] = self.dtype.type(found)
        return value

    def fill(self, data: Mapping[str, ArrayLike]) -> Arrays:
        """Check given data against the problem's, and take the rest from the problem."""
        if not data:
            return self.data
        self._refuse_unknown(data)
        given = {
            name: check_array("data", name, value, self.data[name].shape, self.data[name].dtype)
            for name, value in data.items()
        }
        return self.data | given

    def replace(
        self,
        *,
        loss: Loss | None = None,
        params: ParametersLike | None = None,
        data: Mapping[str, ArrayLike] | None = None,
        name: str = "",
    ) -> Problem:
        """Return the same problem with some of its parts exchanged; what was checked still holds.

        Parameters
        ----------
        loss : callable, optional
            What stands for the problem's own, say to count its calls.
        params : array_like or dict, optional
            Another point.
        data : dict of str to array_like, optional
            Some or all of the data, of any shapes that the loss can take.
        name : str, optional
            Another name.

        Raises
        ------
        ShapeMismatch
            If the parameters are of another structure, or data of another name.

        Examples
        --------
        >>> import numpy as np
        >>> import gradmethods as gm
        >>> problem = gm.Problem(lambda w, *, xp=np: xp.sum(w**2), np.array([1.0, 2.0]))
        >>> problem.replace(params=[3.0, 4.0]).value()
        np.float64(25.0)
        """
        changed: dict[str, Any] = {}
        if loss is not None:
            changed["loss"] = loss
        if params is not None:
            point = self.structure.restore(self.structure.check(params))
            changed["_arrays"] = read_parameters(point)[1]
        if data is not None:
            self._refuse_unknown(data)
            changed["data"] = self.data | read_data(data, self.dtype)
        if name:
            changed["name"] = printable(exact(name))
        twin = copy.copy(self)
        vars(twin).update(changed)
        return twin

    def in_dtype(self, dtype: DTypeLike) -> Problem:
        """Return the problem with its point and data rounded to float64 or float32.

        Examples
        --------
        >>> from gradmethods import problems
        >>> problems.get("island").in_dtype("float32")
        <Problem 'island': 13 parameters, float32>
        """
        if self.dtype == np.dtype(dtype):
            return self
        arrays = {name: array.astype(dtype) for name, array in self._arrays.items()}
        point = self.structure.restore(arrays)
        twin = self._moved(self.loss, point, self.bounds)
        vars(twin).update(examples=self.examples)  # what was checked of them does not depend on it
        return twin

    def on_examples(self, rows: Any) -> Problem:
        """Return the problem on some of its examples: indices of rows, or a slice.

        Examples
        --------
        >>> from gradmethods import problems
        >>> problems.get("xor").on_examples([0, 2]).data["X"].shape
        (2, 2)
        """
        return self.replace(data={name: self.data[name][rows] for name in self.examples})

    def of_components(self, components: NDArray[np.intp]) -> Problem:
        """Return the loss as a function of some of its parameters, in one array; others stay.

        They are counted over all parameter arrays laid end to end.

        Examples
        --------
        >>> import numpy as np
        >>> import gradmethods as gm
        >>> problem = gm.Problem(lambda w, xp=np: xp.sum(w**2), np.array([1.0, 2.0, 3.0]))
        >>> some = problem.of_components(np.array([0, 2]))
        >>> some.params
        array([1., 3.])
        >>> gm.Backprop().prepare(some)(some.params).gradient
        array([2., 6.])
        """
        loss, point = some_components(self, components)
        bounds = self.bounds and self.bounds.part(components)
        return self._moved(loss, point, bounds)

    def _moved(self, loss: Loss, point: ParametersLike, bounds: Bounds | None) -> Problem:
        """Return the problem of another loss at another point; all but the examples is kept."""
        box, error = self.black_box, self.loss_error
        return Problem(
            loss, point, self.data, name=self.name, black_box=box, bounds=bounds, loss_error=error
        )

    def _refuse_unknown(self, data: Mapping[str, ArrayLike]) -> None:
        unknown = sorted(data.keys() - self.data.keys())
        if unknown:
            raise ShapeMismatch(
                f"Unknown data {unknown}; this problem's data are named {list(self.data)}."
            )
