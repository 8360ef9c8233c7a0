"""Pictures that a person reads."""
