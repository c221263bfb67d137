"""Searches: by vector, by words or both, from a query to the documents found."""
