"""The truth: documents and vectors in a SQLite database in a data folder. All else can be built from it."""
