"""Documents and searches: embedded by the engine, stored and found by the index."""
