"""Figures: each measure defined once, asked for with a view, answered as a frame."""
