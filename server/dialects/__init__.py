"""The HTTP dialects, a folder each: bodies, and handlers that translate between requests and the contract."""
