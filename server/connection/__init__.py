"""Bytes to one HTTP request and back: framing, limits on size and time, how a connection ends."""
