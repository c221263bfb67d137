"""The one error of this room."""


class ExportError(Exception):
    """The export cannot go on; the message says what was tried, what was found and what would help."""
