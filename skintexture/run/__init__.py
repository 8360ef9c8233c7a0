"""One run over a set of photos: what it is asked for, what is measured already, saving as it goes, and its tables."""
