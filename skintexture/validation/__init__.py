"""The package held against the truth: what it is to reach, and what it reaches on phantoms, standards and samples."""
