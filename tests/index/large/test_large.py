"""The life of a large collection, with a few thousand documents: `python -m tests.index.large` is for many."""

from pathlib import Path

import pytest

from tests.index.large.__main__ import live
from tests.index.large.lives import Folder, WrongError
from tests.index.large.victim import Writing

pytestmark = pytest.mark.e2e


def test_nothing_is_lost_in_a_short_life(tmp_path: Path) -> None:
    live(tmp_path, documents=2_000, kills=2, seed=3)


def test_what_is_lost_or_back_is_noticed(tmp_path: Path) -> None:
    folder = Folder(tmp_path, 2_000, seed=1)
    folder.live("fill")
    folder.next += 1
    with pytest.raises(WrongError, match="there are 2000 documents, not 2001"):
        folder.live("look")
    folder.next -= 1
    folder.dead.add(7)
    with pytest.raises(WrongError, match="document/7 is back"):
        folder.live("look")
    folder.dead.clear()
    folder.doubtful = (Writing(1_990, 20),)
    with pytest.raises(WrongError, match="there is a part of"):
        folder.live("look")
