"""The report in a browser: what a reader can do with it, and that it needs nothing for that."""

from __future__ import annotations

import pytest

from gradmethods.report import write_report
from tests.browser import FOUND, Browser
from tests.report_records import draw_svg_alone, write_run

pytestmark = [
    pytest.mark.medium,
    pytest.mark.skipif(not FOUND, reason="there is no Chromium (apt install chromium)"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    write_run(out)
    with pytest.MonkeyPatch.context() as patch:
        draw_svg_alone(patch)
        write_report(out)
    return out / "report.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    found = Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


COLUMN = "[...document.querySelectorAll('#{} tbody tr')].map(row => row.cells[{}].textContent)"
SHOWN = "part => getComputedStyle(part).display !== 'none'"
FIGURE = "document.querySelector('#fig-ratio-width .plot')"


def test_it_asks_for_nothing_and_says_nothing(browser, report):
    """If it asked the network, it would break there; what it says in the console are mistakes."""
    browser.open(report)
    assert browser.asked == [f"file://{report}"]
    assert browser.said == []


def test_tables_sort_by_what_numbers_mean(browser, report):
    """If 12.3 µs stood above 4 ms, or a gap among numbers, sorting would mislead."""
    browser.open(report)
    sort = "document.querySelectorAll('#tab-costs thead button')[5].click()"
    browser.do(sort)
    up = browser.do(COLUMN.format("tab-costs", 5))
    assert browser.do("document.querySelector('#tab-costs [aria-sort]').ariaSort") == "ascending"
    browser.do(sort)
    down = browser.do(COLUMN.format("tab-costs", 5))
    timed = [cell for cell in up if cell != "–"]
    assert down[: len(timed)] == timed[::-1]
    assert up[len(timed) :] == down[len(timed) :] == ["–"] * (len(up) - len(timed))
    assert [cell.split()[-1] for cell in timed] == sorted(
        (cell.split()[-1] for cell in timed), key=["µs", "ms", "s"].index
    )


def test_tables_filter(browser, report):
    """If they did not, a row among hundreds could not be found; folded ones count, too."""
    browser.open(report)
    shown = (
        "[...document.querySelectorAll('#tab-costs tbody tr')].filter(row => row.checkVisibility"
    )
    shown += "({checkVisibilityCSS: true}) || row.offsetParent).length"
    browser.do("document.querySelectorAll('details').forEach(each => each.open = true)")
    before = browser.do(shown)
    browser.do(
        "{const field = document.querySelector('#tab-costs [type=search]');"
        "field.value = 'numerical 2-4'; field.dispatchEvent(new Event('input'));}"
    )
    cells = browser.do(COLUMN.format("tab-costs", 2))
    assert before < len(cells)
    assert browser.do(shown) == cells.count("2-4-4-1") - 2  # of three methods
    assert browser.do("document.querySelector('#tab-costs [role=status]').textContent") == (
        f"1 of {len(cells)} rows"
    )


def test_methods_are_shown_and_hidden(browser, report):
    """If a method could not be hidden, one below it could not be seen."""
    browser.open(report)
    boxes = "document.querySelectorAll('#fig-ratio-width .methods input')"
    own = f"[...{FIGURE}.querySelectorAll('[data-method=backprop]')]"
    assert browser.do(f"{boxes}.length") == 2
    assert browser.do(f"{own}.every({SHOWN})")
    browser.do(f"{boxes}[1].click()")
    assert not browser.do(f"{own}.some({SHOWN})")
    others = f"[...{FIGURE}.querySelectorAll('[data-method=numerical]')]"
    assert browser.do(f"{others}.every({SHOWN})")
    browser.do(f"{boxes}[1].click()")
    assert browser.do(f"{own}.every({SHOWN})")


def test_a_point_says_its_value(browser, report):
    """If it did not, a reader would measure the picture with a ruler."""
    browser.open(report)
    x, y = browser.do(
        f"{{{FIGURE}.scrollIntoView({{block: 'center'}});"
        f"const at = {FIGURE}.querySelector('[data-method=backprop] use').getBoundingClientRect();"
        "[at.x + at.width / 2, at.y + at.height / 2]}"
    )
    browser.move(x + 3, y)
    value = f"{FIGURE}.querySelector('.value').textContent"
    assert browser.do(value) == "backprop, n = 7: 3.00 [2.85, 3.30]"
    browser.move(x + 300, y - 300)
    assert browser.do(value) == ""


def test_everything_can_be_reached_by_keyboard(browser, report):
    """If it could not, who uses no mouse would see the first page alone."""
    browser.open(report)
    browser.do(f"{FIGURE}.focus()")
    said = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "Escape"):
        browser.press(key)
        said.append(browser.do(f"{FIGURE}.querySelector('.value').textContent").partition(":")[0])
    first, second = (f"numerical, central, n = {n}" for n in (7, 37))
    assert said == [first, second, first, ""]
    browser.do("document.querySelector('details.part > summary').focus()")
    browser.press("Enter")
    assert browser.do("document.querySelector('details.part').open")
    browser.do("document.querySelector('#tab-methods thead button').focus()")
    browser.press("Enter")
    assert browser.do("document.querySelector('#tab-methods [aria-sort]') !== null")
    browser.press("Tab")
    assert browser.do("document.activeElement.tagName") == "BUTTON"


def test_contents_follow_and_links_open_parts(browser, report):
    """If a link led to a closed part, it would seem to lead nowhere."""
    browser.open(report, "#tab-gaps")
    assert browser.do("document.getElementById('tab-gaps').checkVisibility()")
    assert browser.do("document.querySelector('nav [aria-current]').hash") == "#gaps"
    browser.do("scrollTo(0, 0); new Promise(done => setTimeout(done, 100))")
    assert browser.do("document.querySelector('nav [aria-current]').hash") == "#answer"


def test_it_is_whole_without_scripts(browser, report):
    """If rows or parts needed scripts, those who forbid them would read half a report."""
    browser.open(report, "#tab-gaps", scripts=False)
    assert browser.asked == [f"file://{report}"]
    browser("Emulation.setScriptExecutionDisabled", value=False)  # to look, the page's have not run
    assert browser.do("document.getElementById('tab-gaps').checkVisibility()")
    assert browser.do("document.querySelectorAll('.methods, thead button, dialog').length") == 0
    assert browser.do("document.querySelectorAll('#fig-ratio-width use > title').length") == 9
    browser.do("document.querySelector('#tab-costs').closest('details').open = true")
    box = "document.querySelector('#tab-costs-all')"
    more = "[...document.querySelectorAll('#tab-costs .more')].map(row => row.checkVisibility())"
    assert set(browser.do(more)) == {False}
    browser.do(f"{box}.click()")
    assert set(browser.do(more)) == {True}


def test_a_phone_shows_it(browser, report):
    """If the page were wider than the screen, or letters tiny, nobody would read it there."""
    browser.open(report, width=390)
    assert browser.do("document.documentElement.scrollWidth") == 390
    browser.do(f"{FIGURE}.click()")
    assert browser.do("document.querySelector('dialog').open")
    assert browser.do("document.querySelector('dialog svg').getBoundingClientRect().width") > 900
    browser.press("Escape")
    assert not browser.do("document.querySelector('dialog').open")


def test_paper_has_everything(browser, report):
    """If folds stayed closed or tables kept their boxes, a print would lack rows and digits."""
    browser.open(report, scripts=False)
    browser("Emulation.setScriptExecutionDisabled", value=False)
    browser("Emulation.setEmulatedMedia", media="print")
    try:
        browser("Emulation.setDeviceMetricsOverride", width=1030, height=700,
                deviceScaleFactor=1, mobile=False)  # fmt: skip  # A4 landscape
        cells = "[...document.querySelectorAll('td, tbody th, figure svg')]"
        hidden = f"{cells}.filter(each => !each.closest('.narrow') && !each.checkVisibility())"
        assert browser.do(f"{hidden}.length") == 0
        wide = f"{cells}.filter(each => each.getBoundingClientRect().right > 1031)"
        assert browser.do(f"{wide}.length") == 0
    finally:
        browser("Emulation.setEmulatedMedia", media="")
