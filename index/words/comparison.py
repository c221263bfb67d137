"""Compares the index of words with the database."""

import numpy as np

from index.store.connections import Readers
from index.store.rows import keys_up_to
from index.words.words import Words


def differences(readers: Readers, words: Words) -> list[str]:
    """Return what the index lacks of the documents that it should have; it may have some that are gone."""
    reading = words.keeper.current()
    with readers.reading() as connection:
        missing = np.setdiff1d(keys_up_to(connection, reading.last_key), reading.keys())
    return [f"the words of {len(missing)} documents are not in their index"] if len(missing) else []
