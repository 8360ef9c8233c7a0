"""A command starts without the libraries of the others."""

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
    assert len(commands) == 12
