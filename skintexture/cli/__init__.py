"""One small typer module per command: parse, call, print."""

from skintexture.cli.app import main

__all__ = ["main"]
