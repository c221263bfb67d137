"""The words of documents in tantivy's index: which document holds which word how often, in a folder or in memory.

One thread writes, any may read: what was read stays as it is while others commit. Documents go by their key.
"""

import contextlib
import itertools
import os
import re
import weakref
from collections.abc import Sequence
from pathlib import Path

import tantivy
from tantivy import DocAddress

from index.words.analysis import Analysis
from index.words.letters import words_apart
from index.words.reading import KEY, STEMS, WORDS, Reading
from index.words.remains import Remains, remains_in

# What tantivy raises where its folder is damaged, or another's, or cannot be written.
POSTINGS_ERRORS = (OSError, ValueError)
PAGE_ADDRESSES = 4_096
HEAP_BYTES = 32_000_000  # of documents that are not flushed yet; tantivy wants 15 MB at least
AVERAGE_LENGTH = re.compile(r'"value": ([\d.e+-]+),\s*"description": "avgdl')
ALL_DOCUMENTS = re.compile(r'"value": ([\d.e+-]+),\s*"description": "N,')


class Postings:
    """Open from construction until close. All raises POSTINGS_ERRORS.

    The stems of a text stand with their places; its words, endings and all, without: a beginning and a word with an
    edit are looked for among those.
    """

    def __init__(self, analysis: Analysis, folder: Path | None) -> None:
        names = {STEMS: f"stems-{analysis.name}", WORDS: f"words-{analysis.name}"}
        builder = tantivy.SchemaBuilder()
        builder.add_integer_field(KEY, fast=True, indexed=True)
        builder.add_text_field(STEMS, tokenizer_name=names[STEMS], index_option="position")
        builder.add_text_field(WORDS, tokenizer_name=names[WORDS], index_option="basic")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema, path=None if folder is None else self._path_of(folder))
        self._index.config_reader(reload_policy="manual")
        self._index.register_tokenizer(names[STEMS], analysis.stemmer)
        self._index.register_tokenizer(names[WORDS], analysis.reader)
        self._writer: tantivy.IndexWriter | None = None
        self._folder = folder

    def _path_of(self, folder: Path) -> str:
        """Return a path that tantivy can take, which wants UTF-8: where the folder's own is none, Linux' name of it."""
        with contextlib.suppress(UnicodeEncodeError):
            return str(folder).encode("utf-8").decode()
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        weakref.finalize(self, os.close, descriptor)
        return f"/proc/self/fd/{descriptor}"

    def reading(self, last_key: int) -> Reading:
        """Return what was committed; the caller says up to which key documents are there."""
        searcher = self._searcher()
        documents, average_length = counted(searcher, self._schema)
        return Reading(searcher, self._schema, last_key, documents, average_length)

    def _searcher(self) -> tantivy.Searcher:
        self._index.reload()
        return self._index.searcher()

    def remove(self, keys: Sequence[int]) -> None:
        """Remove documents, those added since the last commit too; they are gone with the next one."""
        for key in keys:
            self._writing().delete_documents_by_term(KEY, key)

    def add(self, key: int, text: str) -> None:
        """Add a document, which is there with the next commit."""
        words = words_apart(text)
        self._writing().add_document(tantivy.Document(**{KEY: key, STEMS: words, WORDS: words}))

    def commit(self) -> None:
        """Make what was added and removed last: after a kill all of it is there, or nothing."""
        self._writing().commit()

    def remains(self) -> Remains:
        """Return what the folder still has of documents that were removed, as of the last commit."""
        return remains_in(self._folder)

    def keys_beside_removed(self) -> list[int]:
        """Return the keys in the segments that hold removed documents, of those too, each once."""
        segments = self.remains().segments
        searcher = self._searcher()
        addresses = (DocAddress(place, number) for place, count in segments.items() for number in range(count))
        found: set[int] = set()  # of a document that was written again both may be there
        while page := list(itertools.islice(addresses, PAGE_ADDRESSES)):
            found.update(int(key) for key in searcher.fast_field_values(KEY, page) if key is not None)
        return sorted(found)

    def collect(self) -> None:
        """Remove the files that no reading needs any more."""
        self._writing().garbage_collect_files()

    def _writing(self) -> tantivy.IndexWriter:
        if self._writer is None:
            writer = self._index.writer(HEAP_BYTES, 1)
            writer.garbage_collect_files()  # half a file of a commit that failed would have the next one refused
            self._writer = writer
        return self._writer

    def rest(self) -> None:
        """Wait for what is being merged, and stop the threads that write; the next change starts them again."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with contextlib.suppress(*POSTINGS_ERRORS):  # they cannot write; whoever commits is told
                writer.wait_merging_threads()

    def stop(self) -> None:
        """Stop the threads that write at once; what was not committed goes."""
        self._writer = None


def counted(searcher: tantivy.Searcher, schema: tantivy.Schema) -> tuple[int, float]:
    """Return how many documents the scores count, deleted ones that still lie there too, and their average length."""
    for stem, _ in searcher.terms_with_prefix(STEMS, "", limit=1):
        query = tantivy.Query.term_query(schema, STEMS, stem, "freq")
        for _, address in searcher.search(query, 1, count=False).hits:
            told = query.explain(searcher, address).to_json()
            average, every = AVERAGE_LENGTH.search(told), ALL_DOCUMENTS.search(told)
            assert average is not None
            assert every is not None
            return int(float(every[1])), float(average[1])
    return searcher.num_docs, 0.0
