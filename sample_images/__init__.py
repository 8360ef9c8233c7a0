"""Synthetic photographs of faces that do not exist, with their truth."""
