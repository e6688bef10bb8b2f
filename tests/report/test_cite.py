"""Citing: the software, a run, every figure and table of it, and every work that they cite."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import gradmethods
from gradmethods.app.cli import main
from gradmethods.output.caption import Caption
from gradmethods.output.files import read_json, write_json
from gradmethods.report import write_report
from gradmethods.report.cite import RELEASED, bibliography, cite, write_references
from gradmethods.report.exhibits.fig_growth import BOUND
from gradmethods.report.works import WORKS
from gradmethods.studies.claims import LEDGER
from tests.report_records import draw_nothing, write_run

CFF = Path(__file__).parents[2] / "CITATION.cff"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run with its tables, and figures that are not drawn."""
    out = tmp_path_factory.mktemp("run")
    write_run(out)
    with pytest.MonkeyPatch.context() as patch:
        draw_nothing(patch)
        write_report(out)
    return out


def test_every_figure_and_table_has_an_entry(run):
    """If one had none, it would be cited as something else."""
    text = (run / "references.bib").read_text("utf-8")
    keys = re.findall(r"^@\w+\{(\S+),$", text, re.MULTILINE)
    items = [item["id"] for item in read_json(run / "index.json")["items"]]
    name = read_json(run / "index.json")["run"]
    assert keys == [f"gradmethods-{name}", *(f"gradmethods-{name}-{i}" for i in items), *WORKS]
    assert "fig-time-width" in items
    assert text.isascii()
    assert f"`gradmethods-{name}-…`" in (run / "captions.md").read_text("utf-8")


def test_a_run_without_records(tmp_path):
    """If only benchmarks had entries, a figure of a training could not be cited."""
    item = {"id": "tab-x", "kind": "table", **Caption("T", "t").entry(), "data": "tab-x.csv"}
    origin = {"date": "2026-01-02T03:04:05+00:00", "git": None}
    write_json(tmp_path / "index.json", {"provenance": origin, "items": [item]})
    text = write_references(tmp_path).read_text("utf-8")
    [found] = cite("tab-x", tmp_path)
    assert found.bibtex in text
    assert "no git checkout, 2026-01-02, on an unknown machine}" in text


def test_a_figure(run, capsys):
    """If commit, date or machine were missing, nobody could find the run again."""
    assert main(["cite", "fig-ratio-width", "--run", str(run)]) == 0
    own, work = capsys.readouterr().out.split("\n\n")
    name = read_json(run / "index.json")["run"]
    assert own == (
        f"@misc{{gradmethods-{name}-fig-ratio-width,\n"
        "  author = {{The gradmethods developers}},\n"
        "  title = {{Gradient time $\\div$ loss time against width}},\n"
        f"  howpublished = {{Figure fig-ratio-width of run {name}, gradmethods 0.1.0, commit "
        "0123456789 with uncommitted changes, 2026-01-02, on P, 2 cores},\n"
        "  year = {2026},\n"
        "  month = jan\n"
        "}"
    )
    assert work.startswith("@incollection{griewank1989,")  # whose bound its caption names


@pytest.mark.medium
def test_plain_text(run, capsys):
    """If there were BibTeX only, a slide or a README could not cite."""
    assert main(["cite", "tab-noise", "--run", str(run), "--format", "text"]) == 0
    assert re.fullmatch(
        r"The gradmethods developers\. Noise floor\. Table tab-noise of run \w{10}, gradmethods "
        r"0\.1\.0, commit 0123456789 with uncommitted changes, 2026-01-02, on P, 2 cores\.\n",
        capsys.readouterr().out,
    )


def test_software_run_and_works(run, capsys):
    """If what is cited hung on what lies in a folder, the software could not be cited alone."""
    assert main(["cite"]) == 0
    assert f"howpublished = {{Version {gradmethods.__version__}}}" in capsys.readouterr().out
    [own] = cite(None, run)
    assert own.bibtex.startswith("@misc{gradmethods-")
    assert cite("squire1998")[0].text == (
        "Squire, William; Trapp, George. Using complex variables to estimate derivatives of real "
        "functions. SIAM Review 40(1), 110–112, 1998. doi:10.1137/S003614459631241X."
    )
    assert cite("thalineau")[0].text == (
        "Thalineau, Romain. An introduction to backpropagation. Qwertee."
    )


@pytest.mark.medium
def test_what_is_not_there(run, tmp_path, capsys, monkeypatch):
    """If a typing error were cited, or a traceback shown, a paper would name nothing."""
    monkeypatch.chdir(tmp_path)
    assert main(["cite", "fig-time-widht", "--run", str(run)]) == 2
    assert "Unknown figure, table or work 'fig-time-widht'. Did you mean 'fig-time-width'" in (
        capsys.readouterr().err
    )
    assert main(["cite", "fig-time-width"]) == 2
    assert "no run with figures and tables in results/latest or results/reference" in (
        capsys.readouterr().err
    )
    (tmp_path / "index.json").write_text('{"items": [1]}')
    assert main(["cite", "fig-time-width", "--run", str(tmp_path)]) == 2
    assert "index.json cannot be read" in capsys.readouterr().err


def test_every_source_of_a_claim_is_a_work():
    """If one were not, the table would cite what no list of references has."""
    sources = [part.strip() for claim in LEDGER for part in claim.source.split(";")]
    assert len(sources) > 10
    for source in [*sources, BOUND]:
        assert any(work.is_cited(source) for work in WORKS.values()), source


def test_no_address_that_does_not_exist():
    """If one were printed, readers would follow it to nothing."""
    found = re.findall(r"https?://[^\s},]+", bibliography("x", None) + CFF.read_text("utf-8"))
    assert set(found) == {
        "https://jmlr.org/papers/v18/17-468.html",
        "https://arxiv.org/abs/1904.02990",
    }


def test_citation_file():
    """If the file and the command said different things, one of them would be wrong."""
    text = CFF.read_text("utf-8")
    assert f"\nversion: {gradmethods.__version__}\n" in text
    assert f"\ndate-released: {RELEASED}\n" in text
    titles = re.findall(r'^    title: "?(.*?)"?$', text, re.MULTILINE)
    known = {work.fields["title"].casefold() for work in WORKS.values()}
    assert "an introduction to backpropagation" in known
    assert {title.casefold() for title in titles} <= known
    assert len(titles) >= 6


@pytest.mark.skipif(shutil.which("bibtex") is None, reason="BibTeX is not installed")
def test_bibtex_reads_every_entry(run):
    """If it did not, an author would have to write the entries anew."""
    lines = [r"\citation{*}", r"\bibstyle{plain}", r"\bibdata{references}"]
    (run / "all.aux").write_text("\n".join(lines) + "\n")
    command = ["bibtex", "all"]
    done = subprocess.run(
        command, cwd=run, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout
    warnings = [line for line in done.stdout.splitlines() if line.startswith("Warning")]
    assert warnings == []
    listed = (run / "all.bbl").read_text("utf-8")
    assert listed.count(r"\bibitem") == bibliography("x", None).count("@") - 1 + (
        run / "references.bib"
    ).read_text("utf-8").count("gradmethods-")
