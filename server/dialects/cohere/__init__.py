"""Cohere's dialect, under /v2."""
