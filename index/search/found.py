"""What a mode finds down to some depth: the ranking that all steps after it work on, whatever it was made by."""

from collections.abc import Callable, Mapping

import msgspec

from index.documents.query import Explanation
from index.search.candidates import Ranking

MAX_DEPTH = 4_096  # of documents that are grouped or chosen from, and of each of the rankings that are fused


class Found(msgspec.Struct, frozen=True, eq=False):
    """A ranking (key, score), best first.

    `rows` names the row of each document's best passage, where vectors were compared. `exhausted` says that no deeper
    ranking has more. `ignored` words of the query were left out.
    """

    ranking: Ranking
    explain: Callable[[int], Explanation]
    rows: Mapping[int, int] = {}
    exhausted: bool = False
    ignored: int = 0


Rank = Callable[[int], Found]  # from how deep to what is found down to there
