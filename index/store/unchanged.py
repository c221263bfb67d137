"""Which texts there are already, with their vectors: what is stored, of whatever id, need not be computed again."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import apsw
import msgspec

from index.documents.passages import Passages
from index.store.checksums import digest_of_text
from index.store.meta import stored_ndim
from index.store.passage_rows import fetch_passages
from index.store.queries import array_of, single
from index.store.rows import keys_of

MAX_CANDIDATES = 16  # documents of one digest that are looked at for one that is not stale
# Of a document by key: what it takes to be a candidate is that the variant computed it, and that it has not expired.
CANDIDATE = (
    "CROSS JOIN docs ON docs.key = wanted.value JOIN vectors ON vectors.key = docs.key "
    "LEFT JOIN stale ON stale.doc = docs.key WHERE variant = ? AND (expires IS NULL OR expires > ?)"
)


class Stored(msgspec.Struct, frozen=True, eq=False):
    """The passages of a text, by the present variant; `stale` says that other settings cut the text."""

    passages: Passages
    stale: bool


class Source(msgspec.Struct, frozen=True):
    """A document that has a text, by key."""

    key: int
    stale: bool


def fetch_unchanged(
    connection: apsw.Connection, texts: Mapping[str, str], variant: int, now_ms: int
) -> dict[str, Stored]:
    """Return, by id, what this variant computed of texts: of the document of the id if it has the text, or of another.

    Others are found where their digest is stored. Of several one that other settings cut comes last.
    """
    if not texts:
        return {}
    found = dict(same_ids(connection, texts, (variant, now_ms)))
    lacking = {text for id_, text in texts.items() if id_ not in found}
    elsewhere = other_ids(connection, lacking, (variant, now_ms))
    found |= {id_: elsewhere[text] for id_, text in texts.items() if id_ not in found and text in elsewhere}
    passages = fetch_passages(connection, list({one.key for one in found.values()}), stored_ndim(connection))
    return {id_: Stored(passages[one.key], one.stale) for id_, one in found.items() if one.key in passages}


def same_ids(
    connection: apsw.Connection, texts: Mapping[str, str], values: tuple[int, int]
) -> Iterator[tuple[str, Source]]:
    """Yield the ids whose own documents have these texts."""
    keys = keys_of(connection, list(texts))
    if keys:
        query = f"SELECT docs.key, id, text, stale.doc IS NOT NULL FROM carray(?) AS wanted {CANDIDATE}"  # noqa: S608
        for key, id_, text, stale in connection.execute(query, (array_of(keys), *values)):
            if texts[id_] == text:
                yield id_, Source(key, bool(stale))


def other_ids(connection: apsw.Connection, texts: Collection[str], values: tuple[int, int]) -> dict[str, Source]:
    """Return the documents that have these texts, by text; those from before there were digests are not found."""
    by_digest = {digest_of_text(text.encode()): text for text in texts}  # of equal digests one is found
    if not by_digest:
        return {}
    query = "SELECT value FROM carray(?) WHERE EXISTS (SELECT 1 FROM docs WHERE docs.digest = value)"
    known: list[Any] = connection.execute(query, (array_of(list(by_digest)),)).fetchall()
    found = {}
    for (digest,) in known:
        source = best_source(connection, digest, by_digest[digest], values)
        if source is not None:
            found[by_digest[digest]] = source
    return found


def best_source(connection: apsw.Connection, digest: int, text: str, values: tuple[int, int]) -> Source | None:
    """Return a document of this digest that has the text, one that is not stale before one that is."""
    first = "(SELECT key AS value FROM docs WHERE digest = ? LIMIT ?) AS wanted"
    query = f"SELECT docs.key, stale.doc IS NOT NULL AS stale FROM {first} {CANDIDATE} ORDER BY stale, docs.key"  # noqa: S608
    candidates: list[Any] = connection.execute(query, (digest, MAX_CANDIDATES, *values)).fetchall()
    for key, stale in candidates:
        if single(connection, "SELECT text FROM docs WHERE key = ?", key) == text:
            return Source(int(key), bool(stale))
    return None
