"""vecd's own dialect: embeddings, documents, search, collections, statistics."""
