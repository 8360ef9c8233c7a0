"""`python -m skintexture`."""

from skintexture.cli import main

main()
