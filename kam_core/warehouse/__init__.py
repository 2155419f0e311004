"""The warehouse: snapshots of checked data, built into marts, read through one engine."""
