"""What the tests of erasing share: documents with unmistakable content, and a look at every byte of a data folder."""

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import tantivy

from index import Document, Index
from index.store.disk import Disk
from index.store.layout import WORDS_FOLDER
from index.view.quantized import quantized
from index.words.analysis import Analysis
from index.words.postings import Postings
from index.words.reading import STEMS, WORDS
from tests.index.vectors import NDIM, Rows, unit

LETTERS = "bcdfghjklmnpqrstvwxz"  # of which no stemmer takes an ending off
TOKEN_LETTERS = 40


class HastyDisk(Disk):
    """Erases what is deleted after a moment."""

    erased_s = 0.2


class Secret(msgspec.Struct, frozen=True, eq=False):
    """Tokens that stand in a document's id, text and metadata and nowhere else, and its vector."""

    id_: str
    word: str
    value: str
    vector: Rows

    def document(self, expires_ms: int | None = None, text: str = "") -> Document:
        content = text or f"once there was {self.word} among others"
        return Document(self.id_, content, {"field": self.value, "kind": "secret"}, self.vector, expires_ms=expires_ms)

    def patterns(self) -> Iterator[bytes]:
        """The bytes that tell of it. Of a token its middle: a list in order need not repeat what words begin with."""
        for token in (self.id_, self.word, self.value):
            yield token[8:32].encode()
        half = self.vector.astype(np.float16)
        forms = self.vector, half, quantized(half)
        yield from (form[2:-2].tobytes() for form in forms)


def secrets(count: int, seed: int) -> list[Secret]:
    draw, numbers = random.Random(seed), np.random.default_rng(seed)

    def token() -> str:
        return "".join(draw.choices(LETTERS, k=TOKEN_LETTERS))

    rows = unit(numbers.normal(size=(count, NDIM)).astype(np.float32))
    return [Secret(token(), token(), token(), row) for row in rows]


def found_in_files(folder: Path, sought: Iterable[Secret]) -> set[str]:
    """Return the files in which anything of these is to be read, and indexes of words that know a word of theirs."""
    sought = list(sought)
    patterns = [pattern for one in sought for pattern in one.patterns()]
    found = set()
    for path in sorted(folder.rglob("*")):
        content = bytes_of(path)
        if any(pattern in content for pattern in patterns):
            found.add(str(path.relative_to(folder)))
        if path.name.startswith(WORDS_FOLDER) and path.is_dir() and knows_words(path, {one.word for one in sought}):
            found.add(str(path.relative_to(folder)))
    return found


def bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:  # it has gone meanwhile
        return b""


def knows_words(folder: Path, words: set[str]) -> bool:
    """Say whether tantivy reads one of the words in any of the folder's segments, which it packs letter by letter."""
    try:
        searcher: tantivy.Searcher = Postings(Analysis(), folder).reading(0).searcher
        return any(searcher.terms_with_prefix(field, word[:10]) for word in words for field in (STEMS, WORDS))
    except (OSError, ValueError):  # it is being changed, or is another language's: look again
        return True


def settle(index: Index) -> None:
    """Have everything that is kept beside the databases on the disk too."""
    for name in index.names():
        collection = index.collection(name)
        assert collection.wait_until_viewed(60)
        assert collection.wait_for_words(60)
        collection.snapshot()
        assert collection.wait_until_viewed(60)
