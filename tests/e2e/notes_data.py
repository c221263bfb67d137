"""Two people's folders of notes, and questions to them in other words than the notes use. All written for this project.

Of thirty notes ten are long: each holds one fact far behind its beginning, on a subject that the beginning does not
tell. What a question asks stands in one note alone.
"""

from pathlib import Path

import msgspec

FOLDER = Path(__file__).parent / "notes"
SECOND_FOLDER = Path(__file__).parent / "notes_second"


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question, the file name of the one note that answers it, and the words of that note that do."""

    question: str
    note: str
    fact: str


class Questions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`notes` ask for what any of the notes says, `late_facts` each for the late fact of one long note."""

    notes: tuple[Question, ...]
    late_facts: tuple[Question, ...]


def notes(folder: Path = FOLDER) -> dict[str, str]:
    """Return the text of each note by its file name, in the order of the names."""
    return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.md"))}


def questions(folder: Path = FOLDER) -> Questions:
    return msgspec.json.decode((folder / "questions.json").read_bytes(), type=Questions)
