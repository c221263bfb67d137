"""The one error of this room."""


class BenchError(Exception):
    """Nothing could be measured; the message says what is missing and what would help."""
