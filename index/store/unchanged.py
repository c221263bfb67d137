"""Which documents have a text already, with the vectors of it: what is there need not be computed again."""

from collections.abc import Mapping
from typing import Any

import apsw
import msgspec

from index.documents.passages import Passages
from index.store.meta import stored_ndim
from index.store.passage_rows import fetch_passages
from index.store.queries import array_of
from index.store.rows import keys_of


class Stored(msgspec.Struct, frozen=True, eq=False):
    """The passages of a document, by the present variant; `stale` says that other settings cut the text."""

    passages: Passages
    stale: bool


def fetch_unchanged(connection: apsw.Connection, texts: Mapping[str, str], variant: int) -> dict[str, Stored]:
    """Return, by id, what this variant computed of documents whose texts are still these."""
    keys = keys_of(connection, list(texts)) if texts else []
    query = (
        "SELECT docs.key, id, text, stale.doc IS NOT NULL FROM carray(?) AS wanted "
        "CROSS JOIN docs ON docs.key = wanted.value JOIN vectors ON vectors.key = docs.key "
        "LEFT JOIN stale ON stale.doc = docs.key WHERE variant = ?"
    )
    found: list[Any] = connection.execute(query, (array_of(keys), variant)).fetchall() if keys else []
    same = {int(key): (str(id_), bool(stale)) for key, id_, text, stale in found if texts[str(id_)] == text}
    passages = fetch_passages(connection, list(same), stored_ndim(connection))
    return {same[key][0]: Stored(one, same[key][1]) for key, one in passages.items()}
