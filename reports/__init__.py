"""What came out?  A PDF that is a pure function of one run file; nothing here computes a bound or trains a model."""
