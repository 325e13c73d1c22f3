"""The core: domains, bounds, evidence, relations, claims, verdicts, and the run file.  Never torch."""
