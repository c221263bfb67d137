"""What callers hand in and get: documents, vectors, queries and hits, their limits, and the checks of all of them."""
