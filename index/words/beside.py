"""The documents that the index of words has not got yet: read from the database, analysed, and scored one by one."""

from collections import Counter
from collections.abc import Mapping, Sequence

import apsw
import msgspec

from index.store.queries import array_of, select
from index.words.analysis import Analysis
from index.words.bm25 import Weights, relevance
from index.words.letters import words_apart
from index.words.sought import Sought, within_one_edit

KEPT_DOCUMENTS = 5_000  # analysed ones, until the index has them


class Waiting(msgspec.Struct, frozen=True, eq=False):
    """A document's stems with their counts, how many there are, and its words with spaces between them."""

    stems: Mapping[str, int]
    length: int
    words: str


class Beside:
    """Reads within a search's transaction, so what it finds is what that shows. Each text is analysed once."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._known: dict[int, Waiting] = {}

    def documents(self, connection: apsw.Connection, last_key: int) -> dict[int, Waiting]:
        """Return the documents whose keys are higher than this one."""
        keys = [int(key) for (key,) in select(connection, "SELECT key FROM docs WHERE key > ? ORDER BY key", last_key)]
        known = self._known
        new = [key for key in keys if key not in known]
        found = {key: self._analysed(text) for key, text in texts(connection, new)}
        if len(known) + len(found) <= KEPT_DOCUMENTS:
            known.update(found)
        return {key: one for key in keys if (one := found.get(key) or known.get(key)) is not None}

    def forget(self, last_key: int) -> None:
        """Keep nothing of documents up to this key: the index has them."""
        self._known = {key: one for key, one in list(self._known.items()) if key > last_key}

    def _analysed(self, text: str) -> Waiting:
        words = words_apart(text)
        stems = self._analysis.stems(words)
        return Waiting(Counter(stems), len(stems), words)

    def score(self, one: Waiting, sought: Sought, weights: Weights) -> float | None:
        """Return a document's score, or None where it is not among those that are sought."""
        held = [phrase for phrase in sought.phrases if self._holds(one, phrase)]
        if sought.demanded and len(held) < len(sought.phrases):
            return None
        parts = [
            rarity * relevance(one.stems[stem], one.length, weights.average_length)
            for stem, rarity in weights.rarities.items()
            if stem in one.stems
        ]
        parts += [weights.phrases[phrase] for phrase in held]
        if sought.beginning is not None or sought.forgiven:
            parts += self._about(one, sought, weights)
        return sum(parts) if parts else None

    def _about(self, one: Waiting, sought: Sought, weights: Weights) -> list[float]:
        words = set(self._analysis.plain(one.words))
        parts = [weights.beginning] if sought.beginning and begins(words, sought.beginning) else []
        return parts + [weights.forgiven[word] for word in sought.forgiven if is_about(words, word)]

    def beginning_with(self, documents: Mapping[int, Waiting], beginning: str) -> int:
        """Return how many of the documents hold a word that begins so."""
        return sum(begins(self._analysis.plain(one.words), beginning) for one in documents.values())

    def holding_about(self, documents: Mapping[int, Waiting], word: str) -> int:
        """Return how many of the documents hold a word within an edit of this one."""
        return sum(is_about(self._analysis.plain(one.words), word) for one in documents.values())

    def _holds(self, one: Waiting, phrase: tuple[str, ...]) -> bool:
        if not all(stem in one.stems for stem in phrase):
            return False
        stems = tuple(self._analysis.stems(one.words))
        return any(stems[place : place + len(phrase)] == phrase for place in range(len(stems) - len(phrase) + 1))


def begins(words: "Sequence[str] | set[str]", beginning: str) -> bool:
    return any(word.startswith(beginning) for word in words)


def is_about(words: "Sequence[str] | set[str]", other: str) -> bool:
    return any(within_one_edit(word, other) for word in words)


def texts(connection: apsw.Connection, keys: Sequence[int]) -> list[tuple[int, str]]:
    """Return (key, text) of documents; one whose bytes are damaged gives the words that are left of it."""
    if not keys:
        return []
    query = "SELECT docs.key, CAST(text AS BLOB) FROM carray(?) AS wanted CROSS JOIN docs ON docs.key = wanted.value"
    return [(int(key), decoded(text)) for key, text in connection.execute(query, (array_of(keys),))]


def page_of_texts(connection: apsw.Connection, last_key: int, limit: int) -> list[tuple[int, str]]:
    """Return (key, text) of the documents that follow a key, in the order of their keys."""
    query = "SELECT key, CAST(text AS BLOB) FROM docs WHERE key > ? ORDER BY key LIMIT ?"
    return [(int(key), decoded(text)) for key, text in select(connection, query, last_key, limit)]


def decoded(text: object) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else ""
