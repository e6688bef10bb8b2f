"""Patches that stand in the documentation, applied to a copy of the repository."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def patches(document: str) -> list[str]:
    """Return the patches in a Markdown file of the repository."""
    text = (ROOT / document).read_text()
    return re.findall(r"^```diff\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def apply(patch: str, root: Path) -> list[str]:
    """Apply a patch whose hunks are found by their text; return the names of the files.

    What is taken from ``/dev/null`` is a new file.
    """
    names = []
    for part in re.split(r"^--- .*\n\+\+\+ ", patch, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        path = root / name
        new = not path.exists()
        text = "" if new else path.read_text()
        for hunk in re.split(r"^@@.*\n", body, flags=re.MULTILINE)[1:]:
            lines = hunk.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if line[0] in " -")
            after = "".join(line[1:] for line in lines if line[0] in " +")
            assert new or text.count(before) == 1, (
                f"{name} has {text.count(before)} times:\n{before}"
            )
            text = after if new else text.replace(before, after)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        names.append(name)
    return names
