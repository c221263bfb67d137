"""The error that this room raises."""


class ExportError(Exception):
    """The export cannot go on; the message says what was tried, what was found and what would help."""
