"""One small typer module per command: parse, call, print."""
