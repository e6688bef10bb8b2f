"""The words of a figure or table, and of the run that its numbers come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Caption:
    """The words of one figure or table.

    Attributes
    ----------
    title : str
        Its name.
    text : str
        What it shows, and what is special about it.
    shared : tuple of str
        How it was obtained, in parts. Where all captions stand together, these stand once.
    """

    title: str
    text: str
    shared: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """How it was obtained."""
        return " ".join(self.shared)

    @property
    def full(self) -> str:
        """Everything, for where the figure or the table stands alone."""
        return f"{self.title}. {self.text} {self.method}".strip()

    def entry(self) -> dict[str, str]:
        """Return plain values, for JSON."""
        return {"title": self.title, "text": self.text, "method": self.method}


def provenance_line(origin: Mapping[str, Any] | None) -> str:
    """Say in one sentence where the numbers come from."""
    if not origin:
        return "No provenance was recorded."
    machine, packages = origin["machine"], origin["packages"]
    parts = [
        *(["INCOMPLETE: stopped before its end"] if is_unfinished(origin) else []),
        f"gradmethods {packages.get('gradmethods') or '(not installed)'}, {commit(origin)}",
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}",
        f"{origin['python']}, NumPy {packages['numpy']}, SymPy {packages['sympy']}",
        f"seed {origin.get('seed')}",
        f"command `{origin['command']}`",
        f"{origin['date']}",
    ]
    return "; ".join(parts) + "."


def commit(origin: Mapping[str, Any]) -> str:
    """Name the commit, and say if files differed from it."""
    git = origin.get("git")
    if not git:
        return "no git checkout"
    return f"commit {git['commit'][:10]}" + (" with uncommitted changes" if git["dirty"] else "")


def is_unfinished(origin: Mapping[str, Any] | None) -> bool:
    """Tell whether a run is known not to have come to its end."""
    return bool(origin) and (origin or {}).get("finished") is False
