"""What README and the documentation show runs, and the files that they name exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gradmethods.app import cli
from tests.readme_table import README, renewed

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

SHOWN = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def named(pages):
    return pytest.mark.parametrize("page", pages, ids=lambda page: page.stem)


@named(PAGES)
def test_links_lead_somewhere(page):
    """A moved file leaves readers before a page that is not there."""
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#]+?)\)", text):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@named([page for page in PAGES if ">>>" not in page.read_text()])
def test_python_runs(page, capsys, monkeypatch, tmp_path):
    """Code that is copied from a page must run as it stands."""
    monkeypatch.chdir(tmp_path)
    text = page.read_text()
    blocks = SHOWN.findall(text)
    words = ("api", "article", "faults", "index", "results")
    assert blocks or "Written by `" in text or page.stem in words
    variables: dict[str, object] = {"__name__": page.stem}
    for block in blocks:
        exec(compile(block, str(page), "exec"), variables)  # noqa: S102  # our own page
    capsys.readouterr()


def test_every_page_is_in_the_contents():
    """The site is not built of pages that no contents list names."""
    contents = (ROOT / "docs/index.md").read_text().splitlines()
    pages = {page.stem for page in (ROOT / "docs").glob("*.md")} - {"index"}
    assert pages <= set(contents), pages - set(contents)


@named(PAGES)
def test_commands_are_understood(page):
    """A command or an option that was renamed is an error at the reader's first try."""
    parser = cli._parser()
    for command in re.findall(r"(?:`|\$ )gradmethods( [^`\n]+)?", page.read_text()):
        parser.parse_args(shlex.split(command))  # which exits at what it does not know


@pytest.mark.medium
def test_the_first_example_of_the_readme(tmp_path, capsys, monkeypatch):
    """The loss that README has its readers save is compared as README shows."""
    (code, *_) = SHOWN.findall((ROOT / "README.md").read_text())
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(code)
    assert cli.main(["compare", "mine.py:problem"]) == 0
    found = capsys.readouterr().out
    shown = (ROOT / "README.md").read_text()
    for line in ("loss 1.0920746511275328", "Every provider that gave a gradient is right."):
        assert line in found
        assert line in shown


def test_the_readme_is_short():
    """Whoever looks for what the suite is reads one page."""
    assert len((ROOT / "README.md").read_text().splitlines()) < 150


def test_the_readme_says_what_was_measured():
    """Figures that nobody renews are those of another program, or of nobody's machine."""
    text = README.read_text(encoding="utf-8")
    assert renewed(text) == text
    assert "cores" in text
