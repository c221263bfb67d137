"""Search by words: how a text is analysed, what is kept of it, and how documents are ranked, most of it by tantivy."""
