"""Find entries that are written one a file, by importing the modules of a package.

Adding one takes its file, and no list elsewhere. Installed packages offer modules of their own,
plug-ins, which they name as entry points of the group ``gradmethods``.
"""

from __future__ import annotations

import inspect
import pkgutil
import warnings
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TypeVar

Entry = TypeVar("Entry")

GROUP = "gradmethods"
"""The group of entry points by which installed packages name their plug-ins."""


def modules_of(package: str, path: list[str]) -> list[ModuleType]:
    """Import the modules of a package, by name, and return them; what it nests is left out.

    Parameters
    ----------
    package, path : str and list of str
        ``__name__`` and ``__path__`` of the package.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(path) if not module.ispkg)
    return [import_module(f"{package}.{name}") for name in names]


def entries_of(package: str, path: list[str], kind: type[Entry]) -> list[Entry]:
    """Return the objects of a kind that the modules of a package define, each once.

    Parameters
    ----------
    package, path : str and list of str
        As in `modules_of`.
    kind : type
        Of the objects.
    """
    return objects_of(modules_of(package, path), kind)


def objects_of(modules: Iterable[ModuleType], kind: type[Entry]) -> list[Entry]:
    """Return the objects of a kind that are variables of modules, each once; no classes."""
    found: dict[int, Entry] = {}
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, kind) and not inspect.isclass(value):
                found.setdefault(id(value), value)
    return list(found.values())


@cache
def plugins() -> tuple[ModuleType, ...]:
    """Import the modules that installed packages offer, and return them.

    One that fails is left out with a warning: it is not the suite's, and not worth losing all else.
    """
    from importlib.metadata import entry_points

    found = []
    for point in entry_points(group=GROUP):
        try:
            found.append(import_module(point.value))
        except Exception as error:  # noqa: BLE001  # whatever it does wrong
            owner = f" of {point.dist.name}" if point.dist else ""
            warnings.warn(
                f"The plug-in {point.value!r}{owner} is left out, as its import fails with "
                f"{type(error).__name__}: {error}",
                stacklevel=2,
            )
    return tuple(found)
