"""The engine: thousands of small models trained as lanes of one tensor program, each result stored exactly once."""
