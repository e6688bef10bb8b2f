"""What providers can do and how they are shown: the one place that knows them by name.

A provider tells its own traits, as attributes of the names below; all are optional. Records on disk
hold names: they are read back here, and a name that nobody knows is a stranger with defaults.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradmethods.core.discovery import objects_of, plugins
from gradmethods.core.provider import Provider
from gradmethods.errors import GradientError, InvalidOption, UnknownName
from gradmethods.output.style import Style, own_style
from gradmethods.providers.analytical import Analytical
from gradmethods.providers.backprop import Backprop
from gradmethods.providers.forward import Forward
from gradmethods.providers.handwritten import own_provider
from gradmethods.providers.numerical import Numerical

PROVIDERS: dict[str, Provider] = {
    "analytical": Analytical(),
    "numerical": Numerical(),
    "backprop": Backprop(),
}
"""The default provider of each method."""

_METHODS: dict[str, Provider] = {**PROVIDERS, "forward": Forward()}
"""All of our methods by name, those that nobody gets by default included."""

BASELINE = PROVIDERS["backprop"].name
"""The method that others are measured by: their operations are divided by its own."""


@dataclass(frozen=True)
class Traits:
    """What a provider can do, and how it is shown.

    Attributes
    ----------
    name : str
        As in tables and records.
    family : str
        The method that it belongs to: ``"analytical"``, ``"numerical"``, ``"backprop"``, or its
        own, by default its name. Providers of one family share their errors.
    style : Style
        How it is drawn in every figure, and its label: the provider's `style`, or one that follows
        from its name, with its `label`.
    exact : bool or None
        Whether round-off is its only error; None if it does not tell.
    black_box : bool
        Whether values of the loss in plain NumPy are all that it takes.
    order : int or None
        The power of the step in its truncation error; None if it truncates nothing.
    passes : tuple of int, or None
        Forward passes for n parameters, a and b of a n + b; None if it makes none, or not so many.
    growth : float or None
        Exponent of n in the time of a gradient ÷ that of the loss, in theory.
    derivation : tuple of float, or None
        Seconds a and exponent p: to prepare for n parameters takes about a nᵖ. None if it takes
        next to nothing.
    repeats : bool
        Whether it writes every partial derivative out, with as many terms as there are paths
        through the loss, so that what several have in common is computed again.
    """

    name: str
    family: str
    style: Style
    exact: bool | None = None
    black_box: bool = False
    order: int | None = None
    passes: tuple[int, int] | None = None
    growth: float | None = None
    derivation: tuple[float, float] | None = None
    repeats: bool = False

    @property
    def label(self) -> str:
        """Its name in tables for readers and in legends."""
        return self.style.label

    @property
    def short(self) -> str:
        """Its label where all others are of its family."""
        return self.label.removeprefix(f"{self.family}, ")


_TYPES: dict[str, Any] = {
    "family": str, "exact": bool, "black_box": bool, "order": int, "passes": tuple,
    "growth": float, "derivation": tuple, "repeats": bool,
}  # fmt: skip
"""What may be told; an attribute of another type means something else."""

_FORMER = {"numerical:reuse": Numerical(evaluation="reuse").name}
"""Names that are in records of earlier versions."""

_MET: dict[str, Traits] = {}
"""By name, what was told or read back: a provider that was met once is known by its name."""


def traits(provider: Provider | str) -> Traits:
    """Return what a provider can do and how it is shown.

    Parameters
    ----------
    provider : Provider or str
        Any object with the interface; or a name, of ours, of a peer, of a provider whose traits
        were asked for before in this process, or of a stranger.

    Examples
    --------
    >>> traits("numerical:forward").label, traits("numerical:forward").order
    ('numerical, forward', 1)
    >>> traits("nobody-knows").family, traits("nobody-knows").exact
    ('nobody-knows', None)
    """
    if not isinstance(provider, str):
        found = _MET[provider.name] = _told(provider)
        return found
    if provider not in _MET:
        known = _known(provider)
        _MET[provider] = _told(known) if known else _stranger(provider)
    return _MET[provider]


def style_of(provider: Provider | str) -> Style:
    """Return how a provider is drawn, and its label."""
    return traits(provider).style


def _stranger(name: str) -> Traits:
    return Traits(name, name, own_style(name))


def _told(provider: Provider) -> Traits:
    """Read the traits of an object: what it lacks has defaults."""
    name = provider.name
    given = {field: getattr(provider, field, None) for field in _TYPES}
    kept = {field: x for field, x in given.items() if isinstance(x, _TYPES[field])}
    style, label = getattr(provider, "style", None), getattr(provider, "label", None)
    if not isinstance(style, Style):
        style = own_style(name, label if isinstance(label, str) else "")
    return dataclasses.replace(_stranger(name), style=style, **kept)


def _known(name: str) -> Provider | None:
    """Return the provider of a name, of ours or of a peer; None if it is a stranger's."""
    try:
        return get_provider(name)
    except GradientError:
        return None


def get_provider(name: str) -> Provider:
    """Return the provider that a name stands for.

    Parameters
    ----------
    name : str
        ``"analytical"``, ``"numerical"``, ``"backprop"`` or ``"forward"``; a form of `Analytical`
        or a scheme of `Numerical` may follow a colon, as in ``"numerical:forward"``, and an
        evaluation or a step in brackets, as in ``"numerical:central[reuse,step=1e-06]"``: what
        `Provider.name` gives. Or a peer, as ``"torch"``. Or your own, as ``"own.py:thing"``: a
        provider, its class, or a function that returns a gradient. Or one of a plug-in, by name.

    Raises
    ------
    UnknownName
        If there is no such method or variant; the nearest name is suggested.
    InvalidOption
        If the name is not of this shape.

    Examples
    --------
    >>> get_provider("numerical:complex-step")
    Numerical(scheme='complex-step', step=None, evaluation='plain')
    >>> get_provider("numerical:forward[reuse]").name
    'numerical:forward[reuse]'
    """
    path, colon, variable = name.rpartition(":")
    if colon and path.endswith(".py"):
        return own_provider(Path(path), variable)
    shape = re.fullmatch(
        r"(?P<method>[^:\[\]]*)(:(?P<variant>[^:\[\]]+))?(\[(?P<options>[^\[\]]*)\])?", name
    )
    if shape is None:
        raise InvalidOption(
            f"{name!r} is no name of a provider. Write it as in 'backprop', 'numerical:forward' or "
            "'numerical:central[reuse,step=1e-06]'."
        )
    method, variant, options = shape["method"], shape["variant"], shape["options"]
    if name in _FORMER:
        return get_provider(_FORMER[name])
    if method not in _METHODS:
        from gradmethods.providers.peers import (
            PEERS,  # one file each: read where they are asked for
        )

        if name in PEERS:
            return PEERS[name]
        for own in objects_of(plugins(), Provider):  # type: ignore[type-abstract]
            if own.name == name:
                return own
    if method not in _METHODS or (options is not None and method != "numerical"):
        raise UnknownName.among("provider", name, _METHODS)
    default: Any = _METHODS[method]
    fields = dataclasses.fields(default)
    if variant and not fields:
        raise UnknownName.among("provider", name, _METHODS)
    given = {fields[0].name: variant} if variant else {}
    varied: Provider = dataclasses.replace(default, **given, **_numerical_options(options or ""))
    return varied


def _numerical_options(text: str) -> dict[str, Any]:
    """Read ``reuse,step=0.1`` as fields of `Numerical`."""
    given: dict[str, Any] = {}
    for option in filter(None, text.split(",")):
        name, _, value = option.strip().partition("=")
        if name != "step":
            given["evaluation"] = option.strip()  # Numerical knows which there are
            continue
        try:
            given["step"] = float(value)
        except ValueError:
            raise InvalidOption(f"A step is a number, got {value!r}.") from None
    return given
