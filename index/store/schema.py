"""The tables, and the migrations that bring an older database to them, one after the other.

`PRAGMA user_version` counts the migrations done. A database with more of them than are known here is refused.
"""

import apsw

from index.errors import NewerSchemaError
from index.store.queries import single

# Keys are the store's own, counted up and never used twice (AUTOINCREMENT keeps the highest one ever given), so that
# whatever lags behind the database can miss a document but never take another for it. Vectors stand apart from
# documents: lists need not read past them, and reindexing, which gathers another model's vectors in
# `fresh`, exchanges the whole table. Each names the variant of the model that computed it.
FIRST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE docs (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    metadata BLOB NOT NULL,
    crc INTEGER NOT NULL
);
CREATE TABLE variants (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE vectors (
    key INTEGER PRIMARY KEY, variant INTEGER NOT NULL, vector BLOB NOT NULL, crc INTEGER NOT NULL
);
CREATE TABLE fresh (key INTEGER PRIMARY KEY, variant INTEGER NOT NULL, vector BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE attr (
    key INTEGER NOT NULL,
    field TEXT NOT NULL,
    kind INTEGER NOT NULL,
    value NOT NULL,
    PRIMARY KEY (key, field, kind, value)
) WITHOUT ROWID;
CREATE INDEX attr_by_value ON attr (field, kind, value, key);
CREATE VIRTUAL TABLE texts USING fts5(
    text, content = 'docs', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE terms USING fts5vocab(texts, 'row');
CREATE TABLE snapshots (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    file TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    documents INTEGER NOT NULL,
    tombstones INTEGER NOT NULL,
    parameters TEXT NOT NULL
);
"""
# Words are kept beside the database. What the tables took stays in the file, for documents to come.
WORDS_OUT = """
DROP TABLE terms;
DROP TABLE texts;
"""
# A document of several passages has a row in `passages`; its vectors take the keys up to its own. `fresh_passages` is
# to `fresh` what that is to `vectors`, with the key that the document gets. `stale` are the documents that other
# settings cut, or nothing did: at first those long enough to be more than one passage of whatever a model reads.
LONG_DOCUMENTS = "SELECT key FROM docs WHERE octet_length(text) > 100"
OF_SEVERAL = """
CREATE TABLE passages (doc INTEGER PRIMARY KEY, parts INTEGER NOT NULL, spans BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE fresh_passages (doc INTEGER PRIMARY KEY, last INTEGER NOT NULL, spans BLOB NOT NULL);
"""
PASSAGES = f"""{OF_SEVERAL}
CREATE TABLE stale (doc INTEGER PRIMARY KEY);
INSERT INTO stale {LONG_DOCUMENTS};
"""
# A document may expire: from `expires` on, milliseconds of Unix time, it is there for nobody. By `digest`, of its text,
# another document of the same text is found; those from before have none. Neither index holds documents without.
EXPIRY = """
ALTER TABLE docs ADD COLUMN expires INTEGER;
ALTER TABLE docs ADD COLUMN digest INTEGER;
CREATE INDEX docs_by_expiry ON docs (expires) WHERE expires IS NOT NULL;
CREATE INDEX docs_by_digest ON docs (digest) WHERE digest IS NOT NULL;
"""
MIGRATIONS = (FIRST, WORDS_OUT, PASSAGES, EXPIRY)
WITH_PASSAGES, WITH_EXPIRY = 3, 4


def migrate(connection: apsw.Connection, migrations: tuple[str, ...] = MIGRATIONS) -> None:
    """Bring the database up to date, each migration in a transaction of its own."""
    done = version(connection)
    if done > len(migrations):
        raise NewerSchemaError(
            f"the data were written by a newer vecd (schema {done}; this one knows {len(migrations)}); "
            "start that version, or restore a backup made by this one"
        )
    for number, script in enumerate(migrations[done:], done + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(script)
            connection.execute(f"PRAGMA user_version={number}")
            connection.execute("COMMIT")
        except BaseException:  # whatever it was, a migration is whole or not there
            if connection.in_transaction:  # SQLite itself may have rolled back, and the cause is to be told
                connection.execute("ROLLBACK")
            raise


def version(connection: apsw.Connection) -> int:
    """Return how many migrations the database has seen."""
    return int(single(connection, "PRAGMA user_version"))


def look_present(connection: apsw.Connection) -> None:
    """Have a database that is only read, and was written before there were passages or expiry, look as if it had none.

    No document is read for that: a damaged one must not keep the others from being read.
    """
    if version(connection) < WITH_EXPIRY:
        columns = "key, id, text, metadata, crc"
        connection.execute(
            f"CREATE TEMP VIEW docs ({columns}, expires, digest) AS SELECT {columns}, NULL, NULL FROM main.docs"  # noqa: S608
        )
    if version(connection) < WITH_PASSAGES:
        connection.execute(OF_SEVERAL.replace("CREATE TABLE", "CREATE TEMP TABLE"))
        connection.execute(f"CREATE TEMP VIEW stale (doc) AS {LONG_DOCUMENTS}")
