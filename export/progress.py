"""What the export reports its progress to."""

from typing import Protocol


class Progress(Protocol):
    """Stages one after another, each of a known number of steps."""

    def stage(self, name: str, steps: int) -> None:
        """Begin a stage, which ends the one before."""

    def advance(self) -> None:
        """Count one step of the stage."""

    def say(self, line: str) -> None:
        """Print a line."""
