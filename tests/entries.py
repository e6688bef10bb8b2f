"""Entries of primitives in which a test replaces a field."""

from __future__ import annotations

from gradmethods.xp.primitives import TABLE
from gradmethods.xp.primitives.recognised import ENTRIES

ALL = TABLE | {primitive.name: primitive for primitive in ENTRIES}
"""The primitives, also those that no loss names."""


def replace_field(monkeypatch, name, **fields):
    """Put other values into fields of an entry, until the test ends."""
    for key, value in fields.items():
        monkeypatch.setitem(vars(ALL[name]), key, value)


def poison_rules(monkeypatch, *fields):
    """Let every derivative rule fail when it runs: of a field, vjp unless given."""

    def poison(*args, **kwargs):
        raise AssertionError("a {} rule ran".format(" or ".join(fields or ("vjp",))))

    for field in fields or ("vjp",):
        for name, primitive in ALL.items():
            rules = getattr(primitive, field)
            row = poison if callable(rules) else (poison,) * len(rules or ())
            replace_field(monkeypatch, name, **{field: row})
