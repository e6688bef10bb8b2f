"""LaTeX tables: they compile wherever TeX is installed, and fit the page of an article."""

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.peers import results
from gradmethods.output.caption import Caption
from gradmethods.output.latex import tex, width
from gradmethods.output.typeset import write_table
from gradmethods.report import write_report

REFERENCE = Path(__file__).parents[2] / "results" / "reference"

CAPTION = Caption("A table", "Every sign that a table can hold.", ("Measured: ≥ 1 µs.",))

SIGNS = "°±²³µ·¹½×èéíö÷ČŠΣδεκλνπσφᵀᵃᵇᵏᵖᵢ–‖“”…′″⁰⁴⁵⁶⁷⁸⁹⁺⁻₀₁ₖ←↑→↓∂−√∛∝∞≠≤≥⊗⌊⌋ⱼ#$%&{}~^_\\<>|\"'中"


def pdflatex(folder, tables):
    """Set tables in one article; return the log."""
    heads = [table.read_text("utf-8").split("\n", 1)[0] for table in tables]
    packages = sorted(
        {name for head in heads for name in head.partition("{")[2].partition("}")[0].split(",")}
    )
    inputs = "".join(f"\\input{{{table.resolve()}}}\\clearpage\n" for table in tables)
    head = rf"\documentclass{{article}}\usepackage{{{','.join(packages)}}}"
    source = f"{head}\n\\begin{{document}}\n{inputs}\\end{{document}}\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "all.tex").write_text(source)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=600)
    log = (folder / "all.log").read_text("latin-1")
    assert done.returncode == 0, log[-2000:]
    return log


needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="TeX is not installed")


def frame(columns):
    return pd.DataFrame({name: [cell, cell] for name, cell in columns.items()})


def wide_tables(folder):
    """Write tables that no page holds as they are."""
    sentence = "a sentence that goes on and on " * 12
    many = {f"A column with a name, {k}": "12.3 [12.1, 12.6] µs" for k in range(25)}
    frames = {
        "signs": frame({"Signs": SIGNS, "And words": " ".join(SIGNS)}),
        "sentences": frame({f"Reason {k}": sentence for k in range(5)}),
        "numbers": frame({"Method": "numerical, complex step"} | many),
        "long": pd.DataFrame({"n": ["1,234"] * 80, "Word": ["measured"] * 80}),
        "empty": pd.DataFrame({"Case": [], "n": []}),
    }
    for name, shown in frames.items():
        write_table(folder, f"tab-{name}", shown, shown, CAPTION, "Somewhere.")
    return sorted(folder.glob("*.tex"))


@needs_tex
@pytest.mark.medium
def test_tables_that_no_page_holds_as_they_are(tmp_path):
    """If they ran off the page, or did not compile, an author would set them by hand."""
    log = pdflatex(tmp_path / "tex", wide_tables(tmp_path / "tables"))
    assert "Overfull" not in log
    assert "Missing character" not in log


@needs_tex
@pytest.mark.medium
@pytest.mark.skipif(not REFERENCE.exists(), reason="results are not part of a package")
def test_every_table_of_the_reference_run(tmp_path, undrawn):
    """If a table of the run that the README shows were cut off, its numbers could not be cited."""
    for name in ("records.jsonl", "accuracy.jsonl", "claims.jsonl", "provenance.json"):
        shutil.copy(REFERENCE / name, tmp_path)
    peers = tmp_path / "peers"
    peers.mkdir()
    for name in ("records.jsonl", "provenance.json"):
        shutil.copy(REFERENCE / "peers" / name, peers)

    write_report(tmp_path)
    results.write_results(peers)
    tables = sorted(tmp_path.rglob("tables/*.tex"))
    assert len(tables) == 29
    log = pdflatex(tmp_path / "tex", tables)
    assert "Overfull" not in log
    assert "Missing character" not in log


def test_tables_are_in_ascii(tmp_path):
    """If a sign stayed as it is, old engines would stop at it, and say nothing that helps."""
    for table in wide_tables(tmp_path):
        assert table.read_text("utf-8").isascii(), table


def test_a_small_table_is_plain(tmp_path):
    """If every table were turned and broken, the small ones would be worse than before."""
    shown = pd.DataFrame({"Method": ["backprop"], "n": ["1,185"]})
    write_table(tmp_path, "tab-small", shown, shown, CAPTION, "Somewhere.")
    text = (tmp_path / "tab-small.tex").read_text("utf-8")
    assert r"\begin{tabular}{@{}lr@{}}" in text
    assert "landscape" not in text
    assert r"backprop & 1,185 \\" in text
    assert r"\caption[A table]{A table. Every sign that a table can hold.}" in text
    assert "% Measured: $\\ge$ 1 $\\mu$s.\n% Somewhere." in text


def test_parts_repeat_what_rows_are_called(tmp_path):
    """If the second part did not name its rows, nobody could read it."""
    wide_tables(tmp_path)
    text = (tmp_path / "tab-numbers.tex").read_text("utf-8")
    parts = text.split(r"\begin{longtable}")[1:]
    assert len(parts) > 1
    assert all(part.count("numerical, complex step &") == 2 for part in parts)
    assert text.count(r"\label{tab-numbers}") == 1
    assert f"A table (2 of {len(parts)})" in text


def test_signs():
    """If two signs were one command, a table would say something else than its CSV."""
    commands = [tex(sign) for sign in SIGNS]
    assert all(command.isascii() for command in commands)
    alike = {sign for sign in SIGNS if commands.count(tex(sign)) > 1}
    assert alike <= set('″"”')
    assert width("0000") == pytest.approx(2.0, abs=0.01)
