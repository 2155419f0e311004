"""A fictional computer vendor, made inside DuckDB from hashes: same scale and seed, same data to the cent.

`generate` fills the raw tables and returns the planted truths: what later analyses have to find, and must not be told.
"""

from kam_core.demo.generate import generate

__all__ = ["generate"]
