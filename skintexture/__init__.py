"""Facial skin texture and pores from photographs, per zone, in millimetres.

>>> import skintexture
>>> recipe = skintexture.load_recipe("standard")
>>> recipe.grid.px_per_mm
12.0

Each name is imported when it is first used, from where ``__init__.pyi`` says: the command line and every worker process
load only what they need.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
