"""Data files that ship with the package: the face landmark model and its notice."""
