"""What reads: a disk that it cannot read is not one that is full."""

from pathlib import Path

import pytest

from index import UnreadableError
from index.store.connections import Database, Readers
from index.words.ranking import MAX_CHARACTERS, words_of


def test_a_database_that_cannot_be_opened_to_read_is_unreadable(tmp_path: Path) -> None:
    readers = Readers(Database(tmp_path / "nowhere" / "documents.sqlite"))
    with pytest.raises(UnreadableError, match="cannot be read"), readers.reading():
        pass


def test_of_a_long_text_the_first_words_are_looked_at() -> None:
    connection = Database(None).connect(100)
    assert words_of(connection, "first " + " " * MAX_CHARACTERS + "last") == ["first"]
    assert words_of(connection, " " * (MAX_CHARACTERS - 5) + "apple and") == ["apple"]
    connection.close()
