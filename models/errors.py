"""The error that this room raises."""


class ArtifactError(Exception):
    """An artifact or catalogue entry is missing, damaged or not what its manifest says. The message names the file."""
