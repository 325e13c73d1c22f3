"""Batched generators of training data, keyed by lane."""
