"""Facial skin texture and pores from photographs, per zone, in millimetres."""
