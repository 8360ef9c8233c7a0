"""A command starts without the libraries of the others, and their list without any."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from skintexture.cli.app import app


@pytest.mark.parametrize("unneeded", ["skintexture.phantoms", "skintexture.validation", "scipy.stats"])
def test_comparing_starts_without_what_it_does_not_need(unneeded):
    code = "import sys, skintexture.cli.compare; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "'skintexture.comparison'" in loaded
    assert f"'{unneeded}'" not in loaded


def test_every_command_can_be_imported():
    commands = typer.main.get_command(app).commands
    assert {name: command.name for name, command in commands.items()} == {name: name for name in commands}
    assert len(commands) == 14


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_the_list_of_commands_and_the_version_import_nothing_large(words):
    code = (
        f"import sys; sys.argv = ['skintexture', *{words}]; from skintexture.cli import main\n"
        "try: main()\nfinally: print(sorted(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "'skintexture.cli.app'" in said
    for library in ("numpy", "pandas", "scipy", "cv2", "matplotlib"):
        assert f"'{library}'" not in said


def test_the_list_of_commands_says_what_their_own_help_begins_with():
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        assert group.get_command(None, name).help == command.help.split("\n\n")[0].replace("\n", " ")
