"""Searches in all three modes, each through one sequence: rank, group, bound, choose, page, and read the hits."""

import apsw
import msgspec

from index.documents.query import Hit, Query, SearchOutcome
from index.filters.tree import Condition
from index.search.choosing import Choice, choose
from index.search.hits import hits_of
from index.search.modes import Modes
from index.search.planner import Planner
from index.search.snippets import Snippets
from index.store.connections import Readers
from index.view.memory import Memory
from index.words.lexicon import Lexicon
from index.words.ranking import Matching
from index.words.reading import Reading
from index.words.sought import Sought
from index.words.terms import Terms
from index.words.words import Words

MARKED_CHARACTERS = 20_000  # of a query that ranks by vector alone: no word after them is marked


class Wording(msgspec.Struct, frozen=True, eq=False):
    """What is sought by words, and the reading of the index that they rank by; None where they do not."""

    lexicon: Lexicon
    sought: Sought
    reading: Reading | None

    def matching(self, connection: apsw.Connection) -> Matching | None:
        """Return what matches words within a transaction, which began after the reading was taken."""
        if self.reading is None:
            return None
        return Matching(connection, self.reading, self.lexicon.beside, self.sought)

    def terms(self) -> Terms:
        return Terms(self.sought, self.lexicon.analysis)


class Searcher:
    """Searches one collection. From any thread; each search sees one commit."""

    def __init__(self, readers: Readers, memory: Memory, words: Words) -> None:
        self._words = words
        self._planner = Planner(readers, memory.vectors, standing=memory.standing)

    def search(self, query: Query, condition: Condition | None) -> SearchOutcome:
        """Return the best documents, best first; the query is checked already, and its filter parsed."""
        wording = self._wording(query)
        with self._planner.reading() as (connection, moment):
            matching = None if wording is None else wording.matching(connection)
            modes = Modes(self._planner, connection, moment, matching, query, condition)
            choice = choose(connection, query, modes.rank)
            snippets = None
            if query.snippet is not None:
                terms = None if wording is None else wording.terms()
                snippets = Snippets(query.snippet, terms, len(choice.page), beyond=query.mode != "vector")
            hits = hits_of(connection, choice.page, query, choice.found.rows, snippets)
        return SearchOutcome(explained(hits, query, choice), choice.found.ignored, choice.below)

    def _wording(self, query: Query) -> Wording | None:
        """Return the words of a query that ranks by them, or marks them."""
        by_words = query.mode != "vector"
        if query.text is None or not (by_words or query.snippet is not None):
            return None
        text = query.text if by_words else query.text[:MARKED_CHARACTERS]
        lexicon = self._words.lexicon
        sought = lexicon.sought(text, prefix=query.prefix, typos=query.typos)
        return Wording(lexicon, sought, lexicon.keeper.current() if by_words else None)


def explained(hits: list[Hit], query: Query, choice: Choice) -> list[Hit]:
    """Return the hits of a choice with the parts of their scores, if the query asks for these."""
    if not query.explain:
        return hits
    pairs = zip(hits, choice.page, strict=True)
    return [msgspec.structs.replace(hit, explain=choice.found.explain(key)) for hit, (key, _) in pairs]
