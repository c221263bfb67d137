"""The title of a text: what its file says, else its first heading, else the file's name without the ending."""

from pathlib import Path

MAX_TITLE = 500  # characters


def title_of(path: Path, *found: object) -> str:
    """Return the first of what was found that is a title, else the file's stem."""
    return next(filter(None, map(as_title, found)), None) or one_line(path.stem.encode(errors="replace").decode())


def as_title(found: object) -> str | None:
    """Return text or a number as a title on one line, or None if nothing is left or it is something else."""
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    return one_line(str(found)) or None


def one_line(text: str) -> str:
    return " ".join(text[: 4 * MAX_TITLE].split())[:MAX_TITLE].rstrip()
