"""What a collection is at this moment, put together from counters alone: no query, nothing that waits."""

from typing import Literal

import msgspec

from index.memory import Memory
from index.reindex import Progress, Reindex
from index.store import Store

State = Literal["ready", "indexing", "foreign", "failed"]


class CollectionStats(msgspec.Struct, frozen=True):
    """What a collection is. `state`: indexing while the view lacks rows, foreign with another model's vectors.

    `pending` rows are not in the view yet, `waiting` jobs not written yet. `memory_bytes` are those of the rows and the
    view. `reindex` is about how far an exchange of all vectors is, if one is under way. `snapshot_failure` says why the
    last snapshot could not be written, `rejected_snapshots` why some were not loaded.
    """

    name: str
    documents: int
    fingerprint: str
    state: State
    viewed: int
    pending: int
    tombstones: int
    rebuilds: int
    view_bytes: int
    memory_bytes: int
    database_bytes: int
    commits: int
    waiting: int
    snapshots: int
    snapshot_failure: str | None
    rejected_snapshots: tuple[str, ...]
    reindex: Progress | None


def stats_of(
    name: str, fingerprint: str, foreign: bool, store: Store, memory: Memory, reindex: Reindex | None
) -> CollectionStats:
    """Return what a collection is. From any thread."""
    indexer, snapshots, vectors, writer = memory.indexer, memory.snapshots, memory.vectors, store.writer
    view, pending, documents = vectors.view, vectors.pending, writer.documents
    failed = writer.failed or (indexer is not None and indexer.failed)
    return CollectionStats(
        name=name,
        documents=documents,
        fingerprint=fingerprint,
        state="failed" if failed else "foreign" if foreign else "indexing" if pending else "ready",
        viewed=len(vectors) - pending,
        pending=pending,
        tombstones=view.tombstones,
        rebuilds=0 if indexer is None else indexer.rebuilds,
        view_bytes=view.size_bytes,
        memory_bytes=view.size_bytes + vectors.size_bytes,
        database_bytes=writer.database_bytes,
        commits=writer.commits,
        waiting=writer.waiting,
        snapshots=0 if snapshots is None else snapshots.saved,
        snapshot_failure=None if indexer is None else indexer.failure,
        rejected_snapshots=() if snapshots is None else tuple(snapshots.rejected),
        reindex=None if reindex is None else Progress(documents, max(0, documents - reindex.lacking)),
    )
