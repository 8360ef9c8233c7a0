"""The command and the committed report."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import skintexture.validation.sections
from skintexture.cli.app import app
from skintexture.cli.validate import lines_of
from skintexture.metrics import glcm
from skintexture.recipe import load_recipe
from skintexture.validation import cooccurrence, spectrum
from skintexture.validation.finding import Finding, Section, at_most
from skintexture.validation.run import Chapter
from skintexture.validation.sections import SECTIONS

REPORT = Path(__file__).parents[2] / "docs" / "validation.md"


def section(value):
    return Section("toy", "Toy", "Nothing.", lambda _: iter([at_most("toy", "thing", value, limit=1.0)]))


def run(monkeypatch, folder, value, *options):
    monkeypatch.setattr(skintexture.validation.sections, "SECTIONS", (section(value),))
    return CliRunner().invoke(app, ["validate", "-o", str(folder), *options])


def test_ends_with_0_where_all_targets_are_met(monkeypatch, tmp_path):
    result = run(monkeypatch, tmp_path, 0.5)
    assert result.exit_code == 0
    assert "All 1 targets are met" in result.output
    assert "0.5 %" in (tmp_path / "validation.md").read_text("utf-8")


def test_ends_with_1_where_one_is_missed_unless_it_is_known(monkeypatch, tmp_path):
    assert run(monkeypatch, tmp_path, 3.0).exit_code == 1
    known = tmp_path / "validation.md"
    assert run(monkeypatch, tmp_path / "again", 3.0, "--known", str(known)).exit_code == 0


def test_lines_fit_100_columns():
    long = at_most("toy", "w" * 64, 12.3, limit=10.0, note="why " * 60)
    lines = list(lines_of(Chapter(section(0.0), (long,))))
    assert len(lines) == 5
    assert max(len(re.sub(r"\[/?(green|red|bold)?\]", "", line)) for line in lines) <= 100


def test_quick_and_full_exclude_each_other(monkeypatch, tmp_path):
    result = run(monkeypatch, tmp_path, 0.5, "--quick", "--full")
    assert "exclude each other" in str(result.exception)


def test_sections_have_their_own_keys_and_say_what_they_do():
    assert len({section.key for section in SECTIONS}) == len(SECTIONS)
    assert all(section.about.endswith(".") for section in SECTIONS)


@pytest.mark.parametrize("module", [cooccurrence, spectrum])
def test_findings_are_of_their_section_named_once_and_repeat(module):
    first, second = (list(module.findings("quick")) for _ in range(2))
    assert first == second
    findings = [item for item in first if isinstance(item, Finding)]
    assert {item.section for item in findings} == {module.KEY}
    assert len({item.what for item in findings}) == len(findings)
    assert all(len(item.what) <= 64 for item in findings)
    assert [item.what for item in findings if not item.passed] == []


def test_a_fault_in_the_code_is_found(monkeypatch):
    def miscounted(levels, offset, n_levels, *, count=glcm.count_pairs):
        table = count(levels, offset, n_levels)
        return table + np.eye(n_levels)

    monkeypatch.setattr(glcm, "count_pairs", miscounted)
    failed = [item.what for item in cooccurrence.findings("quick") if isinstance(item, Finding) and not item.passed]
    assert len(failed) == 4


def test_the_committed_report_is_of_the_shipped_recipe():
    text = REPORT.read_text("utf-8")
    recipe = load_recipe("standard")
    told = f"skintexture {metadata.version('skintexture')}, recipe `standard`, fingerprint `{recipe.fingerprint()}`"
    assert told in text, "run `skintexture validate --full -o docs`"
    assert "effort full" in text


def test_the_committed_report_has_every_section_and_plot():
    text = REPORT.read_text("utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [section.title for section in SECTIONS]
    plots = re.findall(r"\]\((validation_plots/.+\.svg)\)", text)
    assert plots
    assert {f"validation_plots/{path.name}" for path in (REPORT.parent / "validation_plots").iterdir()} == set(plots)
