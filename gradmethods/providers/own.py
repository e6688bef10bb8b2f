"""A provider that a user wrote, or a gradient, named by its file: ``own.py:thing``."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from gradmethods.core.provider import Provider
from gradmethods.core.user_files import variable_of
from gradmethods.errors import InvalidOption
from gradmethods.providers.handwritten import Handwritten


def own_provider(path: Path, variable: str) -> Provider:
    """Return what a file holds as a provider.

    Parameters
    ----------
    path : Path
        The file.
    variable : str
        A provider; its class, which is made without arguments; or a function of the parameters that
        returns a gradient, as `Handwritten` takes it.

    Raises
    ------
    UnknownName
        If there is no such file or variable.
    InvalidOption
        If the variable is nothing of these.
    """
    found: Any = variable_of(path, variable, _may_be)
    if inspect.isclass(found):
        try:
            found = found()
        except TypeError as error:
            raise InvalidOption(
                f"The class {variable!r} in {path} cannot be made without arguments: {error}. Name "
                "a variable that holds a provider."
            ) from error
    if isinstance(found, Provider):
        return found
    if callable(found):
        return Handwritten(found, name=variable)
    raise InvalidOption(
        f"{variable!r} in {path} is a {type(found).__name__}; expected a provider (an object with "
        "name, obstacle and prepare), its class, or a function that returns a gradient."
    )


def _may_be(value: Any) -> bool:
    own = inspect.isfunction(value) or inspect.isclass(value)
    return own or isinstance(value, Provider)
