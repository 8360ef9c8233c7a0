"""The report says what was found, the same in print, Markdown and HTML."""

from __future__ import annotations

import re

import pytest

from skintexture.cli.validate import lines_of
from skintexture.validation.drawing import draw
from skintexture.validation.finding import Finding, Plot, Section, Series, Step, Table, at_least, at_most, reported
from skintexture.validation.report import known_failures, summary, unexpected, verdict, write_report
from skintexture.validation.run import run_sections, validation_of

MISSED = at_most("one", "worst <b>bold</b> | of all", 7.25, limit=2.0, note="because")
ITEMS = (
    at_least("one", "share", 98.5, limit=95.0),
    MISSED,
    reported("one", "told", -3.0, note="no target"),
    Plot(
        "a_plot",
        "Title",
        "x, mm",
        "y, %",
        [Series("a", (1, 2, 3), (1, 4, 9)), Series("b", (1, 2), (2, 2), "line")],
        [(5.0, "limit")],
    ),
    Table("Numbers", ("name", "a|b"), [("<i>row</i>", "1")]),
)
SECTION = Section("one", "First & only", "What is made.", lambda _: iter(ITEMS))


@pytest.fixture
def found():
    return validation_of(tuple(run_sections([SECTION], "quick")), "quick")


def test_verdicts():
    assert [verdict(item) for item in ITEMS if isinstance(item, Finding)] == ["pass", "fail", "told"]


def test_how_far_a_section_is_is_told_and_no_part_of_it():
    told = []
    slow = Section("two", "Slow", "", lambda _: iter((Step(1, 2), MISSED, Step(2, 2))))
    (chapter,) = run_sections([slow], "quick", told.append)
    assert chapter.exhibits == (MISSED,)
    assert told == [Step(1, 2), Step(2, 2)]


@pytest.mark.parametrize("value", [float("nan"), 2.01, float("inf")])
def test_what_is_missing_or_beyond_never_passes(value):
    assert not at_most("s", "w", value, limit=2.0).passed
    assert not at_least("s", "w", -value, limit=-2.0).passed


def test_the_summary_names_what_is_missed(found):
    assert found.judged == 2
    assert summary(found).startswith("1 of 2 targets are met. Not met: one: worst")


def test_print_markdown_and_html_say_the_same(found, tmp_path):
    write_report(found, tmp_path)
    markdown = (tmp_path / "validation.md").read_text("utf-8")
    html = (tmp_path / "validation.html").read_text("utf-8")
    printed = "\n".join(lines_of(found.chapters[0]))
    for item in found.chapters[0].findings:
        for word in (item.target, item.found):
            assert word in markdown
            assert word in html
            assert word in printed
    assert "because" in printed
    assert found.fingerprint in markdown
    assert found.fingerprint in html


def test_html_escapes_and_holds_its_plots_itself(found, tmp_path):
    write_report(found, tmp_path)
    html = (tmp_path / "validation.html").read_text("utf-8")
    assert "&lt;b&gt;bold" in html
    assert "<b>bold" not in html
    assert "<i>row" not in html
    assert html.count("<svg") == 1
    assert not re.search(r'(src|href)="(?!#)[^"]*\.(svg|png|css|js)', html)


def test_markdown_keeps_cells_and_links_its_plots(found, tmp_path):
    write_report(found, tmp_path)
    markdown = (tmp_path / "validation.md").read_text("utf-8")
    rows = [line for line in markdown.splitlines() if line.startswith("| ")]
    assert r"| a\|b |" in markdown
    assert all(len(re.split(r"(?<!\\)\|", row)) in (7, 4) for row in rows)
    (link,) = re.findall(r"!\[Title\]\((.+)\)", markdown)
    assert (tmp_path / link).is_file()


def test_the_same_findings_give_the_same_bytes(found, tmp_path):
    for folder in ("a", "b"):
        write_report(found, tmp_path / folder)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 3
    assert all((tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes() for file in files)


def test_what_an_earlier_report_calls_missed_is_expected(found, tmp_path):
    write_report(found, tmp_path)
    known = known_failures((tmp_path / "validation.md").read_text("utf-8"))
    assert unexpected(found, known) == ()
    assert unexpected(found, frozenset()) == (MISSED,)
    elsewhere = frozenset(("Another section", what) for _, what in known)
    assert unexpected(found, elsewhere) == (MISSED,)


def test_plots_have_labels_guides_and_no_date():
    svg = draw(next(item for item in ITEMS if isinstance(item, Plot)))
    assert svg.startswith("<svg")
    assert all(word in svg for word in ("Title", "x, mm", "y, %", "limit 5"))
    assert "dc:date" not in svg
