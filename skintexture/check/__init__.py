"""Whether the same photos still give the same numbers: baselines, and what is measured now held against them."""
