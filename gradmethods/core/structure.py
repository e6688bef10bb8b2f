"""The structure of parameters and data: names, shapes and dtypes, and checks against them.

Inside the suite parameters are always a dict of arrays, by the paths that `tree` gives them; one
bare array has the empty path. No other file knows which containers a user chose.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import CodeType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradmethods.core.naming import by_exact_names, exact
from gradmethods.core.tree import Branch, Leaf, Tree, grow
from gradmethods.errors import InvalidProblem, ShapeMismatch
from gradmethods.xp.subclasses import lost_meaning

Arrays = dict[str, NDArray[Any]]
Parameters = Any
"""One array, or containers of arrays: the user decided which, and type checkers cannot know."""

ParametersLike = Any
"""Parameters as a user may write them, such as nested lists of numbers for an array."""

BARE = ""
"""The name under which a single, unnamed parameter array is kept."""

RESERVED = ("xp", "params", "self")
"""Names that data cannot have: prepared gradients take data by keyword beside them."""

FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


@dataclass(frozen=True)
class Structure:
    """What the parameters of a problem look like: containers, names, shapes and one dtype.

    Attributes
    ----------
    shapes : dict of str to tuple of int
        Of each array, by its name, in order.
    dtype : numpy.dtype
        Of all of them.
    tree : Tree
        The containers that the user chose.
    """

    shapes: Mapping[str, tuple[int, ...]]
    dtype: np.dtype[Any]
    tree: Tree

    @cached_property
    def bare(self) -> bool:
        """Whether the parameters are one array, in no container."""
        return isinstance(self.tree, Leaf)

    @cached_property
    def is_dict(self) -> bool:
        """Whether the parameters are a plain dict of arrays, as they are inside the suite."""
        tree = self.tree
        return (
            isinstance(tree, Branch)
            and tree.kind is dict
            and all(isinstance(child, Leaf) for child in tree.children.values())
        )

    @property
    def size(self) -> int:
        """Number of scalar parameters."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def check(self, params: ParametersLike) -> Arrays:
        """Return `params` as a dict of arrays, refusing another structure, shape or dtype."""
        arrays, dtype = self.leaves(params), self.dtype
        for name, shape in self.shapes.items():
            array = arrays[name]
            # What fits is let through here: a call would take as long as a small loss.
            if type(array) is not np.ndarray or array.shape != shape or array.dtype is not dtype:
                arrays[name] = check_array("parameter", name, array, shape, dtype)
        return arrays

    def leaves(self, given: Any, what: str = "parameters") -> dict[str, Any]:
        """Return the arrays out of containers like the user's, by name.

        Parameters
        ----------
        given : array_like, or containers of them
            Parameters, a gradient, or whatever else has their structure.
        what : str
            What it is, for errors.

        Raises
        ------
        ShapeMismatch
            If the containers are others, or hold other names.
        """
        if self.is_dict and type(given) is dict and given.keys() == self.shapes.keys():
            return {name: given[name] for name in self.shapes}  # in a fraction of the time
        if not self.bare:
            return dict(self.tree.leaves(given, what))
        if isinstance(given, Mapping):
            raise ShapeMismatch(
                f"Expected the {what} as one array of shape {self.shapes[BARE]}, got a dict with "
                f"the names {sorted(map(str, given))}. Pass the array itself."
            )
        return {BARE: given}

    @cached_property
    def restore(self) -> Callable[[Mapping[str, Any]], Any]:
        """The function that gives arrays by name the structure that the user chose."""
        return dict if self.is_dict else self.tree.build

    def split(self, vector: NDArray[Any]) -> Arrays:
        """Cut a flat vector into arrays (views of it), in the order of the names."""
        return {name: vector[part].reshape(shape) for name, part, shape in self._parts}

    @cached_property
    def _parts(self) -> list[tuple[str, slice, tuple[int, ...]]]:
        """The name of each array, where it lies in a flat vector, and its shape."""
        parts, start = [], 0
        for name, shape in self.shapes.items():
            stop = start + math.prod(shape)
            parts.append((name, slice(start, stop), shape))
            start = stop
        return parts

    def entry(self, i: int) -> str:
        """Return how an entry of the flat vector is reached in the user's containers.

        Examples
        --------
        >>> import gradmethods as gm
        >>> layers = {"layers": [{"W": [[1.0, 2.0], [3.0, 4.0]]}]}
        >>> problem = gm.Problem(lambda p, *, xp: xp.sum(p["layers"][0]["W"]), layers)
        >>> problem.structure.entry(2)
        "params['layers'][0]['W'][1, 0]"
        """
        ways = dict(self.tree.ways("params"))
        for name, shape in self.shapes.items():
            size = math.prod(shape)
            if i < size:
                index = ", ".join(map(str, np.unravel_index(i, shape))) if shape else ""
                return ways[name] + (f"[{index}]" if index else "")
            i -= size
        raise IndexError(i)

    def join(self, arrays: Mapping[str, Any]) -> NDArray[Any]:
        """Lay arrays end to end in one flat vector, in the order of the names."""
        return np.concatenate([arrays[name] for name in self.shapes], axis=None)


def compile_check(structure: Structure) -> Callable[[ParametersLike], Arrays | None]:
    """Write out `Structure.check` for one structure, for gradients that take microseconds.

    Returns
    -------
    callable
        Gives parameters back as a dict by name if they fit as they are: a dict of these names, its
        values plain arrays of these shapes and this very dtype. Of everything else it says None,
        for `Structure.check` to convert or to refuse.
    """
    if not (structure.bare or structure.is_dict):
        return lambda _: None
    given = ["params" if structure.bare else f"a{i}" for i in range(len(structure.shapes))]
    lines = ["def fitting(params):"]
    if not structure.bare:
        lines += [
            f"    if type(params) is not dict or len(params) != {len(given)}:",
            "        return None",
            "    try:",
            *(
                f"        {a} = params[n{i}]"  # by position: a name is data, and never code
                for i, a in enumerate(given)
            ),
            "    except KeyError:",
            "        return None",
        ]
    lines += [
        f"    if type({a}) is not ndarray or {a}.dtype is not dtype or {a}.shape != {shape!r}:\n"
        "        return None"
        for a, shape in zip(given, structure.shapes.values(), strict=True)
    ]
    lines.append("    return {'': params}" if structure.bare else "    return params")
    scope: dict[str, Any] = {"ndarray": np.ndarray, "dtype": structure.dtype}
    scope |= {f"n{i}": name for i, name in enumerate(structure.shapes)}
    text = "\n".join(lines)
    exec(_code(text), scope)  # noqa: S102  # our own text
    check: Callable[[ParametersLike], Arrays | None] = scope["fitting"]
    return check


@lru_cache(maxsize=32)
def _code(text: str) -> CodeType:
    """Compile a text once: it is the same for all parameters of the same shapes."""
    return compile(text, "<check of parameters>", "exec")


def check_array(
    kind: str, name: str, given: ArrayLike, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Return `given` as an array of this shape and dtype, or say how it differs.

    A floating dtype other than the prepared one is cast, and integers where they fit; integers and
    booleans are not taken for floats, nor floats for integers, because that changes which formula
    holds.
    """
    what = f"{kind} {name!r}" if name else f"{kind} array"
    if lost := lost_meaning(given):
        raise InvalidProblem(f"The {what} {lost}")
    array = _numbers(f"The {what}", given, np.asarray)
    if array.shape != shape:
        raise ShapeMismatch(
            f"Expected {what} of shape {shape}, got shape {array.shape}. A prepared gradient "
            "serves the shapes it was prepared for; prepare again for others."
        )
    if array.dtype == dtype:
        return array
    if array.dtype.kind.replace("u", "i") != dtype.kind.replace("u", "i"):
        raise ShapeMismatch(
            f"Expected {what} of dtype {dtype}, got {array.dtype}. Convert it before the call."
        )
    cast = array.astype(dtype)
    if dtype.kind != "f" and not np.array_equal(cast, array):
        raise ShapeMismatch(
            f"Expected {what} of dtype {dtype}, got {array.dtype} with values that do not fit into "
            f"{dtype}. Prepare the problem again with {array.dtype}."
        )
    return cast


def read_parameters(params: ParametersLike) -> tuple[Structure, Arrays]:
    """Check a user's parameters and copy them into read-only arrays."""
    tree, given = grow(params)
    if not given:
        raise InvalidProblem("params is empty; a problem needs at least one parameter.")
    arrays = {name: _read(name, value) for name, value in given.items()}
    # Numbers without a dtype take that of the arrays, as in NumPy.
    firm = {arrays[name].dtype for name, value in given.items() if hasattr(value, "dtype")}
    if firm == {np.dtype(np.float32)}:
        loose = [name for name, array in arrays.items() if array.dtype == np.float64]
        arrays |= {name: arrays[name].astype(np.float32) for name in loose}
    for name, array in arrays.items():
        _check_parameter(f"Parameter {name!r}" if name else "The parameter array", array)
        _frozen(array)
    dtypes = sorted({str(array.dtype) for array in arrays.values()})
    if len(dtypes) > 1:
        raise InvalidProblem(
            f"All parameters must share one dtype, got a mixture of {' and '.join(dtypes)}. "
            "Convert them to float64 or to float32."
        )
    shapes = {name: array.shape for name, array in arrays.items()}
    structure = Structure(shapes, next(iter(arrays.values())).dtype, tree)
    if structure.size == 0:
        raise InvalidProblem("All parameter arrays are empty; there is nothing to differentiate.")
    return structure, arrays


def _read(name: str, value: ArrayLike) -> NDArray[Any]:
    what = f"Parameter {name!r}" if name else "params"
    if lost := lost_meaning(value):
        raise InvalidProblem(f"{what} {lost}")
    return _numbers(what, value, np.array)


def _numbers(
    what: str, value: ArrayLike, make: Callable[[ArrayLike], NDArray[Any]]
) -> NDArray[Any]:
    try:
        return make(without_graph(value))
    except ValueError as error:  # of lists of several lengths
        raise InvalidProblem(
            f"{what} is no array of numbers: {error} Name several arrays in a dict, as in "
            '{"W": …, "b": …}.'
        ) from error


def without_graph(value: Any) -> Any:
    """Return a value as it is; of a tensor of torch that belongs to a graph, its numbers."""
    return value.detach() if hasattr(value, "detach") else value


def read_data(data: Mapping[str, ArrayLike] | None, dtype: np.dtype[Any]) -> Arrays:
    """Copy a user's data into read-only arrays; floating data take the parameters' dtype."""
    arrays = {}
    names: list[Any] = list(data or {})
    for name in names:
        if not isinstance(name, str) or exact(name) in RESERVED:
            raise InvalidProblem(
                f"Data are passed to the loss by name, got the name {name!r}. Names are strings; "
                "'xp' is taken by the namespace, 'params' and 'self' by prepared gradients."
            )
    for name, value in by_exact_names("data", data or {}).items():
        if lost := lost_meaning(value):
            raise InvalidProblem(f"Data {name!r} {lost}")
        array = _numbers(f"Data {name!r}", value, np.array)
        if array.dtype.kind not in "fiub":
            raise InvalidProblem(
                f"Data {name!r} must be real numbers, integers or booleans, got dtype "
                f"{array.dtype}."
            )
        arrays[name] = _frozen(array.astype(dtype) if array.dtype.kind == "f" else array)
    return arrays


def _check_parameter(what: str, array: NDArray[Any]) -> None:
    if array.dtype not in FLOATS:
        way = "convert with np.asarray(value, dtype=float)"
        if array.dtype.kind == "c":
            way = "make two of them, value.real and value.imag"
        elif array.dtype.kind not in "fiub":
            way = "make an array of numbers of it, as np.array([0.5, 1.5]) is one"
        raise InvalidProblem(
            f"{what} must be float64 or float32, got {array.dtype}. Only real floating-point "
            f"parameters have gradients: {way}. What is no parameter belongs into the data, or "
            'into a field of a dataclass with metadata={"static": True}.'
        )
    bad = array.size - int(np.isfinite(array).sum())
    if bad:
        raise InvalidProblem(
            f"{what} has {bad} entries that are NaN or infinite; a gradient needs a finite point."
        )


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array
