"""Whether an index of words has just some documents is told without naming each."""

from collections.abc import Iterable

import numpy as np
import pytest

from index.words.analysis import Analysis
from index.words.postings import Postings
from index.words.reading import BLOCK_KEYS, MAX_BLOCKS

FAR = 3 * BLOCK_KEYS * MAX_BLOCKS  # beyond what blocks of the usual size reach
KEYS = [1, 2, 5, BLOCK_KEYS - 1, BLOCK_KEYS, BLOCK_KEYS + 1, 9 * BLOCK_KEYS, FAR]


def holding(keys: Iterable[int], removed: Iterable[int] = ()) -> Postings:
    postings = Postings(Analysis(), None)
    for key in keys:
        postings.add(key, "a word")
    postings.commit()
    postings.remove(list(removed))
    postings.commit()
    return postings


def test_it_has_those_that_it_has() -> None:
    for postings in (holding(KEYS), holding([3, *KEYS, 99], [3, 99])):
        reading = postings.reading(0)
        assert reading.highest() == FAR
        assert reading.has_just(np.array(KEYS))
        assert reading.keys().tolist() == KEYS


@pytest.mark.parametrize(
    "others",
    [
        KEYS[:-1],
        KEYS[1:],
        [*KEYS, FAR + 1],
        [1, 2, 6, *KEYS[3:]],
        [1, 2, 5, *KEYS[4:]],
        [1, 2, 5, BLOCK_KEYS - 1, BLOCK_KEYS, BLOCK_KEYS + 2, 9 * BLOCK_KEYS - 1, FAR],
        [],
    ],
)
def test_it_has_no_others(others: list[int]) -> None:
    assert not holding(KEYS).reading(0).has_just(np.array(others, np.int64))


def test_a_document_that_is_there_twice_is_one_too_many() -> None:
    assert not holding([*KEYS, 5]).reading(0).has_just(np.array(KEYS))


def test_an_empty_index_has_nothing() -> None:
    reading = holding([]).reading(0)
    assert reading.highest() == 0
    assert reading.has_just(np.array([], np.int64))
    assert not reading.has_just(np.array([1]))
