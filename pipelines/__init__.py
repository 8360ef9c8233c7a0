"""Shipped recipes: TOML files, data only."""
