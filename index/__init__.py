"""The documents' room: durable storage, approximate search, filters and full text.

Knows nothing of HTTP or of models: it takes vectors and documents. Imports no other room. Nothing is built here yet.
"""
