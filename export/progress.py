"""Where the export says how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Stages, each of a number of steps."""

    def stage(self, name: str, steps: int) -> None:
        """Begin a stage of that many steps."""

    def advance(self) -> None:
        """One step is done."""

    def say(self, line: str) -> None:
        """Tell something that is no step."""
