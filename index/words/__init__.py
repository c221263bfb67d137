"""Search by words: how a text is analysed, what is kept of it, and how documents are ranked. SQLite's FTS5 does it."""
