"""Fixtures of the end-to-end tests."""

from command_line import compared, small_photos

__all__ = ["compared", "small_photos"]
