"""Documents and searches: embedded by the engine, kept and found by the index."""
