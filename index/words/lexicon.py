"""What searches by words need, all of one analysis: a search takes it once, and never mixes two."""

import msgspec

from index.words.analysis import Analysis
from index.words.beside import Beside
from index.words.keeper import Keeper
from index.words.sought import Sought, sought_in


class Lexicon(msgspec.Struct, frozen=True, eq=False):
    """The analysis, the keeper of the index that was made by it, and the documents beside that index."""

    analysis: Analysis
    keeper: Keeper
    beside: Beside

    def sought(self, text: str, *, prefix: bool = False, typos: bool = False) -> Sought:
        """Return what a query's text asks for."""
        return sought_in(text, self.analysis, prefix=prefix, typos=typos)
