"""Pure functions of a patch and its parameters; nothing here knows of faces, files or screens."""
