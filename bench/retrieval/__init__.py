"""Retrieval on judged test collections: what is read, the references, what a server answers, and the measures."""
