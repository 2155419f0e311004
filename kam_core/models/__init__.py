"""Churn and lifetime value: arrays in, arrays out; no SQL and no screen."""
