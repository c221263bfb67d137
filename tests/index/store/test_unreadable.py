"""What reads: a disk that it cannot read is not one that is full."""

from pathlib import Path

import pytest

from index import UnreadableError
from index.store.connections import Database, Readers


def test_a_database_that_cannot_be_opened_to_read_is_unreadable(tmp_path: Path) -> None:
    readers = Readers(Database(tmp_path / "nowhere" / "documents.sqlite"))
    with pytest.raises(UnreadableError, match="cannot be read"), readers.reading():
        pass
