"""The state of a collection at this moment, put together from counters alone: no query, nothing that waits."""

from typing import Literal

import msgspec

from index.binding import Binding
from index.documents.settings import Settings
from index.projection.projections import Projections
from index.search.planner import EXACT_ROWS
from index.store.reindex import Progress, Reindex
from index.store.shared import RECALL
from index.store.store import Store
from index.view.memory import Memory
from index.words.words import Words

State = Literal["ready", "indexing", "foreign", "failed"]
Parts = tuple[Store, Memory, Words, Projections]
Lacking = Literal["graph", "words"]


class CollectionStats(msgspec.Struct, frozen=True):
    """`state` is indexing while the graph lacks rows, and foreign where the vectors are another model's.

    The graph has `viewed` rows in `nodes`, those that are nearly equal in one, and lacks `pending`; `waiting` jobs are
    not written yet. `memory_bytes` are those of the rows, the graph, what filters leave and the projection that is
    kept, `needed_bytes` what of them is the documents' own. Writers were held up for `held_s` since the start.
    `reindex` is approximately how far an exchange of all vectors is, if one is under way. `words_pending` is about how
    many documents the index of words lacks, `words_failure` why it could not be written. `snapshot_failure` says why
    the last snapshot could not be written, `rejected_snapshots` why some were not loaded.

    `recall` is how many of the ten nearest rows searches through the graph found lately, of rows drawn by chance, None
    before it is known; `recall_target` is how many they must find. They look as far as `width` nodes, and at the
    `unreached` ones; where `exact`, the graph misses too much, and every row is compared.

    `lacking` says what makes searches slower: the graph where it lacks more rows than are compared one by one in
    any case, the words where searches by them wait.

    `passages_stale`: documents are there that were cut by other settings, or before there were passages; reindexing
    mends it. `documents` counts those that have expired until they are deleted, which is soon.
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
    nodes: int = 0
    unreached: int = 0
    width: int = 0
    recall: float | None = None
    recall_target: float = RECALL
    exact: bool = False
    words_pending: int = 0
    words_failure: str | None = None
    passages_stale: bool = False
    settings: Settings = Settings()
    needed_bytes: int = 0
    held_s: float = 0.0
    lacking: tuple[Lacking, ...] = ()


def state_of(binding: Binding, failed: bool, pending: int) -> State:
    return "failed" if failed else "foreign" if binding.foreign else "indexing" if pending else "ready"


def stats_of(name: str, binding: Binding, settings: Settings, parts: Parts, reindex: Reindex | None) -> CollectionStats:
    """From any thread."""
    store, memory, words, projections = parts
    indexer, snapshots, vectors, writer = memory.indexer, memory.snapshots, memory.vectors, store.writer
    graph, pending, documents = vectors.graph, vectors.pending, writer.documents
    return CollectionStats(
        name=name,
        documents=documents,
        fingerprint=binding.fingerprint,
        state=state_of(binding, store.failed or memory.failed or words.failed, pending),
        viewed=len(vectors) - pending,
        pending=pending,
        tombstones=graph.tombstones,
        rebuilds=0 if indexer is None else indexer.rebuilds,
        view_bytes=graph.size_bytes,
        memory_bytes=graph.size_bytes + vectors.size_bytes + memory.standing.size_bytes + projections.size_bytes,
        database_bytes=writer.database_bytes,
        commits=writer.commits,
        waiting=writer.waiting,
        snapshots=0 if snapshots is None else snapshots.saved,
        snapshot_failure=None if indexer is None else indexer.failure,
        rejected_snapshots=() if snapshots is None else tuple(snapshots.rejected),
        reindex=None if reindex is None else Progress(documents, max(0, documents - reindex.lacking)),
        nodes=len(graph),
        unreached=len(vectors.unreached),
        width=graph.width,
        recall=None if indexer is None else indexer.watch.recall,
        recall_target=store.shared.recall,
        exact=not graph.trusted,
        words_pending=words.pending,
        words_failure=words.failure,
        passages_stale=writer.stale,
        settings=settings,
        needed_bytes=memory.needed_bytes,
        held_s=memory.held_s,
        lacking=lacking_of(pending, words_ready=words.ready),
    )


def lacking_of(pending: int, *, words_ready: bool) -> tuple[Lacking, ...]:
    parts: tuple[tuple[Lacking, bool], ...] = (("graph", pending > EXACT_ROWS), ("words", not words_ready))
    return tuple(part for part, lacks in parts if lacks)
