"""The one error of this room."""


class ArtifactError(Exception):
    """An artifact or catalogue entry is missing, damaged or not what its manifest says. The message names the file."""
