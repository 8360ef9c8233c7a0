"""The documentation is true: it names what exists, and all of it."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import typer.main
from PIL import Image

import skintexture
from command_line import SAMPLES
from skintexture.caveats import CAVEATS
from skintexture.cli import terminal
from skintexture.cli.app import app
from skintexture.locate.anatomy import ZONE_NAMES
from skintexture.locate.cut import LEAST_SIGMA_PX
from skintexture.metrics.catalogue import FAMILIES
from skintexture.metrics.definition import Metric
from skintexture.model import Channel
from skintexture.recipe import load_recipe, shipped_recipes
from skintexture.study.pair_tables import CHANGE_COLUMNS
from skintexture.tabulate import MEASUREMENT_COLUMNS, PHOTO_COLUMNS, PORE_COLUMNS, ZONE_COLUMNS
from skintexture.validation.report import known_failures

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
WRITTEN = (ROOT / "README.md").read_text("utf-8")
COLUMNS = {
    "measurements": set(MEASUREMENT_COLUMNS),
    "photos": set(PHOTO_COLUMNS),
    "zones": set(ZONE_COLUMNS),
    "pores": set(PORE_COLUMNS),
    "changes": set(CHANGE_COLUMNS),
}
LARGEST_PICTURE_BYTES = 500_000
LONGEST_README = 220


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def code_words(text: str) -> set[str]:
    """What stands between single backticks."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))


def fenced_lines(text: str) -> list[str]:
    blocks = re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def commands(text: str) -> list[list[str]]:
    """Every `skintexture …` on a page, as words; comments and what follows a pipe or `&&` left off."""
    lines = [*fenced_lines(text), *code_words(text)]
    found = [re.split(r"\s(?:\||&&|>|#)\s", line)[0] for line in lines if line.startswith("skintexture ")]
    return [shlex.split(line.replace("[", " ").replace("]", " ")) for line in found]


def section(heading: str, level: str = "##") -> str:
    after = WRITTEN.split(f"\n{level} {heading}\n", 1)[1]
    return re.split(rf"\n{level} ", after)[0]


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def described_columns(table: str) -> set[str]:
    """Words in backticks in the first column of a table's paragraph, or of the sentence that lists them."""
    tables = section("Tables")
    start = re.search(rf"^`{table}`", tables, flags=re.MULTILINE)
    assert start, f"the README doesn't describe `{table}`"
    end = re.search(
        r"^`(measurements|photos|zones|pores|changes|overlays/)`", tables[start.end() :], flags=re.MULTILINE
    )
    text = tables[start.end() : start.end() + end.start()] if end else tables[start.end() :]
    rows = re.findall(r"^\| (`.+?) \|", text, flags=re.MULTILINE)
    return code_words("\n".join(rows) if rows else text)


def docs_command(name: str):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def command_at(words: list[str]):
    """Follow words to the command they name; return it with the words that are left."""
    command = typer.main.get_command(app)
    rest = words[1:]
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"there is no command {' '.join(words)}"
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_their_options_exist(page):
    for words in commands(read(page)):
        command, rest = command_at(words)
        known = {name for option in command.params for name in option.opts} | {"--help"}
        given = {word.split("=")[0] for word in rest if word.startswith("-")}
        assert given <= known, f"{page}: {' '.join(words)}: unknown {given - known}"


def test_every_command_is_in_the_readme():
    described = {words[1] for words in commands(section("Commands")) if len(words) > 1}
    assert set(typer.main.get_command(app).commands) <= described
    assert "--version" in described


def test_options_that_are_named_alone_exist():
    options = {name for words in commands(WRITTEN) for option in command_at(words)[0].params for name in option.opts}
    named = {word.split()[0] for word in code_words(WRITTEN) if word.startswith("--")}
    assert named
    assert named <= options


@pytest.mark.parametrize("table", ["measurements", "zones", "pores", "changes"])
def test_the_readme_describes_every_column_and_no_other(table):
    words = described_columns(table) - {"lower_better", "higher_better", "none", "whole_face", "compare", "changes.png"}
    assert words == COLUMNS[table]


def test_the_readme_describes_every_column_of_photos():
    shared = set(MEASUREMENT_COLUMNS) & COLUMNS["photos"]
    assert described_columns("photos") | shared == COLUMNS["photos"]


@pytest.mark.parametrize("page", ["README.md", "docs/metrics/README.md"])
def test_every_family_and_recipe_is_mentioned(page):
    assert set(FAMILIES) | set(shipped_recipes()) <= code_words(read(page))


def test_every_family_is_listed_with_the_recipes_that_measure_it():
    rows = {
        row[0]: row[1]
        for row in re.findall(r"^\| `(\w+)` \| \[.*\| (.+) \|$", read("docs/metrics/README.md"), re.MULTILINE)
    }
    for name in FAMILIES:
        measuring = {recipe for recipe in shipped_recipes() if getattr(load_recipe(recipe).metrics, name) is not None}
        assert code_words(rows[name]) == measuring


def test_every_channel_is_explained():
    assert set(Channel.__args__) <= code_words(read("docs/metrics/README.md"))


def test_every_zone_is_explained():
    assert {*ZONE_NAMES, "patch"} <= code_words(read("docs/zones.md"))


def test_every_scale_method_is_explained():
    words = code_words(read("docs/scale.md"))
    assert {"iris", "given", "interpupillary", "marker", "exif", "estimated"} <= words


def test_the_page_of_caveats_is_that_of_the_registry():
    page = docs_command("make_caveats").caveats_page()
    assert all(f"| `{name}` |" in page for name in CAVEATS)
    assert read("docs/caveats.md") == page, "run `python docs/make_caveats.py`"


def test_metrics_named_on_pages_exist():
    catalogue: dict[str, Metric] = {}
    for recipe in shipped_recipes():
        catalogue |= load_recipe(recipe).catalogue()
    known = set(catalogue) | {
        re.sub(r"_[\d.]+(_[\d.]+)?mm.*|_(luminance|red|red_minus_blue)$", "", n) for n in catalogue
    }
    prefixes = tuple(f"{prefix}_" for prefix in ("glcm", "band", "roughness", "pore"))
    pages = [page for page in PAGES if not page.startswith("docs/metrics/") or page.endswith("README.md")]
    named = {word for page in pages for word in code_words(read(page)) if word.startswith(prefixes)}
    named |= {word for page in pages for word in re.findall(r'"((?:glcm|band|roughness|pore)_[\w.]+)"', read(page))}
    assert named
    assert named - {"pore_pairs"} <= known  # a table, not a metric


def test_caveats_named_on_pages_exist():
    """Whatever looks like a caveat in the sentences about caveats is one."""
    words = set()
    for page in ("README.md", "docs/scale.md", "docs/zones.md"):
        words |= set(re.findall(r"caveats? `(\w+)`|\(`(too_\w+|distance_estimated|softer_than_grid)`\)", read(page)))
    named = {name for pair in words for name in pair if name}
    assert len(named) > 4
    assert named <= set(CAVEATS)


def test_the_python_of_the_readme_names_what_exists():
    blocks = re.findall(r"```python\n(.*?)```", WRITTEN + read("docs/quickstart.md"), flags=re.DOTALL)
    assert blocks
    for block in blocks:
        compile(block, "README.md", "exec")
        for names in re.findall(r"^from skintexture import (.+)$", block, flags=re.MULTILINE):
            assert set(names.split(", ")) <= set(skintexture.__all__)
        assert set(re.findall(r"skintexture\.(\w+)", block)) <= set(skintexture.__all__)
        columns = set().union(*COLUMNS.values())
        zones_and_metrics = {*ZONE_NAMES, *load_recipe("standard").catalogue()}
        quoted = {word for inside in re.findall(r"\[([^\[\]]*)\]", block) for word in re.findall(r'"(\w+)"', inside)}
        assert quoted <= columns | zones_and_metrics


def test_the_python_of_the_readme_runs_as_written(tmp_path):
    (tmp_path / "photos").mkdir()
    with Image.open(SAMPLES / "s01_before.jpg") as photo:
        photo.reduce(4).save(tmp_path / "photos/small.jpg")
    (block,) = re.findall(r"```python\n(.*?)```", WRITTEN, flags=re.DOTALL)
    done = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "small.jpg,forehead" in (tmp_path / "results/zones.csv").read_text("utf-8")


def test_the_test_line_of_the_readme_is_what_the_build_runs():
    line = next(line for line in fenced_lines(WRITTEN) if line.startswith("python3 -m venv") and "pytest" in line)
    build = [run.replace("--quiet ", "").strip() for run in (ROOT / ".ci/run").read_text("utf-8").splitlines()]
    places = [build.index(step) for step in line.split(" && ")]
    assert places == sorted(places)


def test_both_systems_have_the_same_two_commands():
    lines = [line for line in fenced_lines(section("Two commands")) if line]
    unix, windows = lines[:2], lines[2:]
    assert all(line.count("\n") == 0 for line in lines)
    translated = [line.replace("python3 -m", "py -m").replace(".venv/bin/", ".venv\\Scripts\\") for line in unix]
    assert windows == translated
    assert [line.rsplit("Scripts\\", 1)[1] for line in windows] == ["skintexture demo", "python -m pytest"]


def test_the_constraints_hold_versions_only():
    for line in read("constraints.txt").splitlines():
        assert re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[\w.+]+( ; .+)?|", line), line


@pytest.mark.parametrize("page", PAGES)
def test_links_resolve(page):
    text = read(page)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.is_file(), f"{page}: {target}"
        assert not anchor or anchor in anchors(file.read_text("utf-8")), f"{page}: {target}"


@pytest.mark.parametrize("page", PAGES)
def test_files_named_on_pages_exist(page):
    tops = ("skintexture/", "docs/", "tests/", "pipelines/", "sample_images/", ".ci/")
    for word in code_words(read(page)):
        path = word.removeprefix("python ").split()[0]
        if path.startswith(tops) and "<" not in path:
            assert list(ROOT.glob(path.rstrip("/"))), f"{page}: {word}"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_holds_an_absolute_path(page):
    text = read(page)
    assert not re.search(r"(?<![\w.~/:])/(home|usr|tmp|work|root|Users|mnt|opt|var|etc)/|\b[A-Z]:\\", text)


def test_pictures_are_shown_small_enough_and_made_by_the_command():
    shown = set(re.findall(r"!\[[^\]]+\]\(docs/images/([^)]+)\)", WRITTEN))
    made = set(re.findall(r'folder / "([^"]+)"', read("docs/make_pictures.py")))
    there = {path.name for path in (DOCS / "images").iterdir()}
    assert shown
    assert shown <= made == there
    assert all(path.stat().st_size < LARGEST_PICTURE_BYTES for path in (DOCS / "images").iterdir())
    assert "python docs/make_pictures.py" in read("CONTRIBUTING.md")


def test_every_page_maker_is_named_for_contributors():
    contributing = read("CONTRIBUTING.md")
    assert all(f"`python docs/{path.name}`" in contributing for path in DOCS.glob("make_*.py"))


def test_the_conditions_were_measured_with_the_shipped_recipe():
    page = read("docs/conditions.md")
    assert f"fingerprint `{load_recipe('standard').fingerprint()}`" in page, "run `python docs/make_conditions.py`"


def test_the_total_blur_that_is_told_is_the_recipes():
    grid = load_recipe("standard").grid
    told = f"√({grid.photo_blur_px:g}² + {LEAST_SIGMA_PX:g}²) / {grid.px_per_mm:g} = {grid.blur_mm:g} mm"
    assert told in read("docs/architecture.md")


def test_the_readme_stays_short():
    assert len(WRITTEN.splitlines()) <= LONGEST_README


def test_the_changelog_has_its_headings():
    text = read("CHANGELOG.md")
    assert f"## [{metadata.version('skintexture')}]" in text
    latest = text.split("\n## [", 2)[-1]
    assert "### Numbers that change" in latest


def test_exit_codes_are_those_of_the_program():
    told = dict(re.findall(r"\*\*(\d)\*\*\s+([a-z]+)", section("Commands")))
    assert {int(code) for code in told} == {
        terminal.EXIT_OK,
        terminal.EXIT_REFUSED,
        terminal.EXIT_USAGE,
        terminal.EXIT_BUG,
    }
    help_text = subprocess.run(
        [sys.executable, "-m", "skintexture", "--help"], capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout
    assert all(f"{code} " in help_text for code in told)


def test_ci_is_told_how_to_pass_though_some_targets_are_missed():
    assert known_failures(read("docs/validation.md"))
    for page in ("README.md", "docs/quickstart.md"):
        assert "--quick --known docs/validation.md" in read(page)
