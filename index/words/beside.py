"""The documents that the index of words has not got yet: read from the database, analysed, kept until it has them."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence

import apsw
import msgspec

from index.store.queries import array_of, select
from index.words.analysis import Analysis
from index.words.late import Late
from index.words.letters import words_apart
from index.words.sought import Sought, within_one_edit

KEPT_DOCUMENTS = 10_000  # analysed ones; where the index is further behind, each search analyses its own


class Analysed(msgspec.Struct, frozen=True, eq=False):
    """How many words a document has, the words themselves with spaces between them, and what they look like."""

    length: int
    words: str


class Shelf:
    """Documents by key, and where each stem and each word stands."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self.documents: dict[int, Analysed] = {}
        self.stems: dict[str, dict[int, int]] = {}
        self._words: dict[str, set[int]] = {}
        self._spelled: set[int] = set()

    def add(self, key: int, words: str) -> None:
        """Add a document by its words with spaces between them."""
        stems = self._analysis.stems(words)
        self.documents[key] = Analysed(len(stems), words)
        for stem, count in Counter(stems).items():
            self.stems.setdefault(stem, {})[key] = count

    def words(self) -> Mapping[str, set[int]]:
        """Return the documents that hold each word; they are read for it when it is first asked for."""
        for key in self.documents.keys() - self._spelled:
            for word in self._analysis.plain(self.documents[key].words):
                self._words.setdefault(word, set()).add(key)
            self._spelled.add(key)
        return self._words

    def holds(self, key: int, phrase: tuple[str, ...]) -> bool:
        """Say whether the stems of a phrase stand one after the other."""
        stems = tuple(self._analysis.stems(self.documents[key].words))
        return any(stems[place : place + len(phrase)] == phrase for place in range(len(stems) - len(phrase) + 1))


class Beside:
    """Reads within a search's transaction, so what it finds is what that shows. From any thread."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._lock = threading.Lock()
        self._kept = Shelf(analysis)

    def late(self, connection: apsw.Connection, last_key: int, sought: Sought) -> Late:
        """Return which documents with higher keys than this one hold what is sought."""
        found = select(connection, "SELECT key FROM docs WHERE key > ?", last_key)
        if not found:
            return Late()
        keys = {int(key) for (key,) in found}
        with self._lock:
            shelf = self._kept if len(keys) <= KEPT_DOCUMENTS else Shelf(self._analysis)
            for key, text in texts(connection, list(keys - shelf.documents.keys())):
                shelf.add(key, words_apart(text))
            return gathered(shelf, keys, sought)

    def forget(self, last_key: int) -> None:
        """Keep nothing of documents up to this key: the index has them."""
        with self._lock:
            kept = {key: one for key, one in self._kept.documents.items() if key > last_key}
            self._kept = Shelf(self._analysis)
            for key, one in kept.items():
                self._kept.add(key, one.words)


def gathered(shelf: Shelf, keys: set[int], sought: Sought) -> Late:
    """Return which of these documents hold what is sought."""
    stems = {*sought.stems, *(stem for phrase in sought.phrases for stem in phrase)}
    counts = {stem: {key: held[key] for key in keys & held.keys()} for stem in stems if (held := shelf.stems.get(stem))}
    beginning, forgiven = set[int](), dict[str, set[int]]()
    if sought.beginning is not None:
        alike = (held for word, held in shelf.words().items() if word.startswith(sought.beginning))
        beginning = keys.intersection(set().union(*alike))
    for one in sought.forgiven:
        alike = (held for word, held in shelf.words().items() if within_one_edit(word, one))
        forgiven[one] = keys.intersection(set().union(*alike))
    return Late(
        lengths={key: shelf.documents[key].length for key in keys & shelf.documents.keys()},
        counts=counts,
        phrases={phrase: phrase_holders(shelf, keys, phrase) for phrase in sought.phrases},
        beginning=beginning,
        forgiven=forgiven,
    )


def phrase_holders(shelf: Shelf, keys: set[int], phrase: tuple[str, ...]) -> set[int]:
    holders = keys.intersection(*(shelf.stems.get(stem, {}).keys() for stem in phrase))
    return {key for key in holders if shelf.holds(key, phrase)}


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
