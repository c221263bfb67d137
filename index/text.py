"""Full text: the documents that hold words of the query, by bm25 (SQLite's FTS5), larger is better.

The words are those of FTS5's own tokenizer, each quoted, so no text is ever understood as a query of FTS5. A word that
is everywhere says nothing and costs most: the rarest words are taken first, until the rows to rank are used up. Where
even the rarest is in more documents than are ranked, the newest of them are.
"""

import apsw

from index.clauses import Clause, probe
from index.filters import Condition
from index.rows import select

MAX_WORDS = 64
# The tokenizer goes through all of a text before the first word is seen, and holds the interpreter meanwhile.
MAX_CHARACTERS = 256 * MAX_WORDS
RANKED_ROWS = 10_000  # bm25 takes 1.8 µs a row: 18 ms
TOKENIZER = ("unicode61", ["remove_diacritics", "2"])  # as the table's in schema.py


def search_text(
    connection: apsw.Connection, text: str, condition: Condition | None, wanted: int
) -> list[tuple[int, float]]:
    """Return (key, negated bm25) of documents that hold one of the words at least, best first."""
    words = chosen_words(connection, text)
    if not words:
        return []
    matches = Clause("TRUE") if condition is None else probe(condition, "texts.rowid")
    found = f"SELECT rowid AS key, rank AS cost FROM texts WHERE texts MATCH ? AND {matches.sql}"  # noqa: S608
    newest = f"{found} ORDER BY rowid DESC LIMIT ?"  # FTS5 gives them in this order as they lie
    sql = f"SELECT key, -cost FROM ({newest}) ORDER BY cost, key LIMIT ?"  # noqa: S608
    query = " OR ".join(f'"{word}"' for word in words)
    return [(key, score) for key, score in select(connection, sql, query, *matches.values, RANKED_ROWS, wanted)]


def chosen_words(connection: apsw.Connection, text: str) -> list[str]:
    """Return the query's rarest words, as many as may be ranked, one at least."""
    counted = [(documents_with(connection, word), word) for word in words_of(connection, text)]
    chosen: list[str] = []
    rows = 0
    for documents, word in sorted(counted):
        rows += documents
        if chosen and rows > RANKED_ROWS:
            break
        if documents:
            chosen.append(word)
    return chosen


def words_of(connection: apsw.Connection, text: str) -> list[str]:
    """Return the first words of the text as FTS5 sees them, each once."""
    tokenizer = connection.fts5_tokenizer(*TOKENIZER)
    utf8 = text[:MAX_CHARACTERS].replace("\0", " ").encode()
    found = tokenizer(utf8, apsw.FTS5_TOKENIZE_QUERY, None, include_offsets=False, include_colocated=False)
    return list(dict.fromkeys(str(word) for word in found))[:MAX_WORDS]


def documents_with(connection: apsw.Connection, word: str) -> int:
    """Return how many documents hold the word; 2 ms for one that 70,000 hold."""
    return sum(documents for (documents,) in select(connection, "SELECT doc FROM terms WHERE term = ?", word))
