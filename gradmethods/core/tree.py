"""Containers of parameters: dicts, lists, tuples, named tuples and dataclasses, nested.

A tree is what is left of them without their arrays. An array is named by its path in the tree, as
in ``layers.0.W``. Nothing here knows shapes or dtypes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np

from gradmethods.core.naming import by_exact_names
from gradmethods.errors import InvalidProblem, ShapeMismatch

STATIC = "static"
"""Set in the metadata of a dataclass's field that is no parameter, as for JAX."""


@dataclass(frozen=True)
class Leaf:
    """A leaf: the place of one array in its containers."""

    path: str

    def build(self, arrays: Mapping[str, Any]) -> Any:
        """Return the array that belongs here."""
        return arrays[self.path]

    def leaves(self, given: Any, _: str) -> Iterator[tuple[str, Any]]:
        """Yield the object in the place of this array, under its path."""
        yield self.path, given

    def ways(self, here: str) -> Iterator[tuple[str, str]]:
        """Yield the path of this array, and how it is reached in Python."""
        yield self.path, here


@dataclass(frozen=True)
class Kept:
    """A value that is no parameter and is kept: None, or a static field of a dataclass."""

    path: str
    value: Any

    def build(self, _: Mapping[str, Any]) -> Any:
        """Return the kept value."""
        return self.value

    def leaves(self, given: Any, what: str) -> Iterator[tuple[str, Any]]:
        """Yield nothing; refuse another value, which would be ignored."""
        if not (given is self.value or np.array_equal(given, self.value)):
            raise ShapeMismatch(
                f"Expected the {what} at {self.path!r} as {self.value!r}, which is no parameter, "
                f"got {given!r}. Make another problem for another value."
            )
        return iter(())

    def ways(self, _: str) -> Iterator[tuple[str, str]]:
        """Yield nothing."""
        return iter(())


@dataclass(frozen=True)
class Branch:
    """A container: dict, list, tuple, or the class of a named tuple or a dataclass."""

    path: str
    kind: type[Any]
    children: dict[str, Tree]

    def build(self, arrays: Mapping[str, Any]) -> Any:
        """Make the container anew, around these arrays."""
        parts = {key: child.build(arrays) for key, child in self.children.items()}
        if self.kind is dict:
            return parts
        if self.kind in (list, tuple):
            return self.kind(parts.values())
        if not dataclasses.is_dataclass(self.kind) or _derives_fields(self.kind):
            return self.kind(**parts)
        # Without `__post_init__`, which ran when the user made theirs: arrays of another kind may
        # not pass it, and what it changes would be changed twice.
        made = object.__new__(self.kind)
        for name, part in parts.items():
            object.__setattr__(made, name, part)
        return made

    def leaves(self, given: Any, what: str) -> Iterator[tuple[str, Any]]:
        """Yield the paths of the arrays, with what lies there in a container like this.

        Raises
        ------
        ShapeMismatch
            If that is another container, or holds other names.
        """
        here = f"the {what} at {self.path!r}" if self.path else f"the {what}"
        if not isinstance(given, Mapping if self.kind is dict else self.kind):
            raise ShapeMismatch(
                f"Expected {here} as {self._described()}, got {type(given).__name__}. Give it the "
                "structure of the problem's parameters."
            )
        parts = _contents(given)
        if self.kind in (list, tuple) and len(parts) != len(self.children):
            raise ShapeMismatch(
                f"Expected {here} as {self._described()}, got {len(parts)} "
                f"part{'s' * (len(parts) != 1)}. Give it the structure of the problem's parameters."
            )
        if parts.keys() != self.children.keys():
            raise ShapeMismatch(
                f"Expected {here} named {list(self.children)}, got {list(parts)}. "
                f"Missing: {sorted(self.children.keys() - parts.keys())}; "
                f"unknown: {sorted(map(str, parts.keys() - self.children.keys()))}."
            )
        for key, child in self.children.items():
            yield from child.leaves(parts[key], what)

    def ways(self, here: str) -> Iterator[tuple[str, str]]:
        """Yield the paths of the arrays, and how each is reached in Python from a variable."""
        for key, child in self.children.items():
            if self.kind is dict:
                yield from child.ways(f"{here}[{key!r}]")
            else:
                yield from child.ways(f"{here}[{key}]" if key.isdigit() else f"{here}.{key}")

    def _described(self) -> str:
        if self.kind is dict:
            return f"a dict with the names {list(self.children)}"
        if self.kind in (list, tuple):
            return f"a {self.kind.__name__} of {len(self.children)}"
        return f"{self.kind.__name__}({', '.join(self.children)})"


Tree = Leaf | Kept | Branch


def grow(given: Any, path: str = "") -> tuple[Tree, dict[str, Any]]:
    """Take containers apart; return the tree, and what lies in its leaves by their paths.

    A list or a tuple of numbers alone, however nested, is an array, not a container.

    Raises
    ------
    InvalidProblem
        If a name is no string, or two paths are the same.

    Examples
    --------
    >>> tree, leaves = grow({"layers": [{"W": [1.0, 2.0]}, {"W": 3.0}], "scale": None})
    >>> leaves
    {'layers.0.W': [1.0, 2.0], 'layers.1.W': 3.0}
    >>> tree.build(leaves)
    {'layers': [{'W': [1.0, 2.0]}, {'W': 3.0}], 'scale': None}
    """
    if not _is_container(given):
        return Leaf(path), {path: given}
    kind = dict if isinstance(given, Mapping) else type(given)
    static = {f.name for f in _fields(given) if f.metadata.get(STATIC)}
    children: dict[str, Tree] = {}
    leaves: dict[str, Any] = {}
    for key, part in _named(_contents(given), path).items():
        here = f"{path}.{key}" if path else key
        if part is None or key in static:
            children[key] = Kept(here, part)
            continue
        children[key], found = grow(part, here)
        if twice := leaves.keys() & found.keys():
            raise InvalidProblem(
                f"Two parameters have the name {min(twice)!r}: the parts of a path are joined by "
                "dots. Rename one."
            )
        leaves |= found
    branch = Branch(path, kind, children)
    _check_kept(branch, given)
    return branch, leaves


def _check_kept(branch: Branch, given: Any) -> None:
    """Refuse a dataclass that changes what it is given, where it must be made anew."""
    if not (dataclasses.is_dataclass(branch.kind) and _derives_fields(branch.kind)):
        return
    contents = _contents(given)
    again = _contents(branch.kind(**contents))
    for key in branch.children:
        if not _same(contents[key], again[key]):
            here = f"{branch.path}.{key}" if branch.path else key
            raise InvalidProblem(
                f"{branch.kind.__name__}.__post_init__ changes {here!r} when it is given its own "
                "value, so the container cannot be made anew around other parameters. Compute the "
                "changed value in a field of its own (field(init=False)), or in the loss."
            )


def _same(one: Any, other: Any) -> bool:
    """Return whether two kept values are the same."""
    (_, ours), (_, theirs) = grow(one), grow(other)
    return ours.keys() == theirs.keys() and all(
        ours[path] is theirs[path] or np.array_equal(ours[path], theirs[path]) for path in ours
    )


def _is_container(given: Any) -> bool:
    if isinstance(given, Mapping) or hasattr(given, "_fields") or _fields(given):
        return not isinstance(given, type)
    return type(given) in (list, tuple) and not _holds_numbers(given)


def _contents(given: Any) -> dict[Any, Any]:
    """Return what a container holds, by name or position."""
    if isinstance(given, Mapping):
        return dict(given)
    if fields := _fields(given):
        return {f.name: getattr(given, f.name) for f in fields if f.init}
    names = getattr(given, "_fields", map(str, range(len(given))))
    return dict(zip(names, given, strict=True))


def _fields(given: Any) -> tuple[dataclasses.Field[Any], ...]:
    """Return the fields of a dataclass, none of anything else."""
    return dataclasses.fields(given) if dataclasses.is_dataclass(given) else ()


def _derives_fields(kind: type[Any]) -> bool:
    """Tell whether a dataclass computes fields from others, so that they must be computed anew."""
    return any(not f.init for f in dataclasses.fields(kind))


def _holds_numbers(given: list[Any] | tuple[Any, ...]) -> bool:
    return all(
        _holds_numbers(part) if type(part) in (list, tuple) else isinstance(part, Number)
        for part in given
    )


def _named(parts: Mapping[Any, Any], path: str) -> dict[str, Any]:
    """Return parts under exact strings."""
    unnamed = [name for name in parts if not isinstance(name, str) or not name]
    if unnamed:
        place = f" in the dict at {path!r}" if path else ""
        raise InvalidProblem(f"Parameter names must be non-empty strings, got {unnamed!r}{place}.")
    return by_exact_names("parameters", parts)
