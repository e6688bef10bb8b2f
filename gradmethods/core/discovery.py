"""Find entries that are written one a file, by importing the modules of a package.

Adding one takes its file, and no list elsewhere.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType
from typing import TypeVar

Entry = TypeVar("Entry")


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
    found: dict[int, Entry] = {}
    for module in modules_of(package, path):
        for value in vars(module).values():
            if isinstance(value, kind):
                found.setdefault(id(value), value)
    return list(found.values())
