"""Derivations and the methods that check their steps."""
