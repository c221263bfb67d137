"""The HTTP dialects, one file each: they translate between requests and the engine's own types."""
