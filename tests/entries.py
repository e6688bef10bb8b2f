"""Entries of primitives in which a test replaces a field."""

from __future__ import annotations

from gradmethods.primitives import TABLE
from gradmethods.primitives.recognised import ENTRIES

ALL = TABLE | {primitive.name: primitive for primitive in ENTRIES}
"""The primitives, also those that no loss names."""


def replace_field(monkeypatch, name, **fields):
    """Put other values into fields of an entry, until the test ends."""
    for key, value in fields.items():
        monkeypatch.setitem(vars(ALL[name]), key, value)


def poison_rules(monkeypatch):
    """Let every vjp rule fail when it runs."""

    def poison(*args, **kwargs):
        raise AssertionError("a vjp rule ran")

    for name, primitive in ALL.items():
        rules = primitive.vjp
        row = (lambda position: poison) if callable(rules) else (poison,) * len(rules or ())
        replace_field(monkeypatch, name, vjp=row)
