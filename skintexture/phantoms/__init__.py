"""Synthetic faces and skin whose truth is known."""
