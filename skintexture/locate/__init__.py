"""Where the skin is, at what scale, and whether it can be measured at all."""
