"""Bytes to one HTTP request and back: framing, limits of size and time, how a connection ends."""
