"""The HTTP dialects, a folder each: bodies, and handlers that translate requests into calls of the contract."""
