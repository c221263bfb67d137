"""An estimate of how many tokens texts have, learned from earlier texts, before anything is tokenized."""

from collections.abc import Sequence

from server.contract.embedding import Input

# Characters and tokens of English prose in BERT's vocabulary. Above so many tokens, older texts count half.
PROSE = (1_000, 200)
REMEMBERED_TOKENS = 100_000
SPECIAL_TOKENS = 2
# Reading so many characters takes as long as computing a token, even where they make none: one word of any length.
READ_CHARACTERS = 4_000
# No more characters a token are believed, lest texts of one word each make all others seem short.
MOST_CHARACTERS = 12


class TokenEstimate:
    """Used from one event loop."""

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        # What a text has beyond these was not tokenized, or is one word.
        self._seen_characters = max_tokens * PROSE[0] // PROSE[1]
        self._characters, self._tokens = PROSE

    def of(self, texts: Sequence[Input], *, whole: bool = False) -> int:
        """Return the tokens of texts that are truncated, or of `whole` ones, and what reading them takes, in tokens."""
        characters, tokens = self._characters, self._tokens
        lengths, read = [len(text) for text in texts], reading_of(texts)
        if whole:
            return read + sum([SPECIAL_TOKENS + length * tokens // characters for length in lengths])
        most = self._max_tokens
        return read + sum([min(most, SPECIAL_TOKENS + length * tokens // characters) for length in lengths])

    def learn(self, texts: Sequence[Input], tokens: int) -> None:
        """Learn how many tokens texts had; token ids say nothing about texts and are ignored."""
        if not texts or isinstance(texts[0], tuple):
            return
        characters = sum([min(len(text), self._seen_characters) for text in texts])
        self._characters += characters
        self._tokens += max(tokens, characters // MOST_CHARACTERS)
        if self._tokens > REMEMBERED_TOKENS:
            self._characters, self._tokens = 1 + self._characters // 2, 1 + self._tokens // 2


def reading_of(texts: Sequence[Input]) -> int:
    """Return what reading texts takes besides computing their tokens, in tokens."""
    return sum([len(text) for text in texts]) // READ_CHARACTERS
