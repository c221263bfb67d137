"""An estimate of how many tokens texts have, learned from earlier texts, before anything is tokenized."""

from collections.abc import Sequence

from server.contract.embedding import Input

# Characters and tokens of English prose in BERT's vocabulary. Above so many tokens, older texts count half.
PROSE = (1_000, 200)
REMEMBERED_TOKENS = 100_000
SPECIAL_TOKENS = 2


class TokenEstimate:
    """Used from one event loop."""

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self._characters, self._tokens = PROSE

    def of(self, texts: Sequence[Input], *, whole: bool = False) -> int:
        """Return the tokens of texts that are truncated, or of `whole` ones."""
        characters, tokens = self._characters, self._tokens
        if whole:
            return sum([SPECIAL_TOKENS + len(text) * tokens // characters for text in texts])
        most = self._max_tokens
        return sum([min(most, SPECIAL_TOKENS + len(text) * tokens // characters) for text in texts])

    def learn(self, texts: Sequence[Input], tokens: int) -> None:
        """Learn how many tokens texts had; token ids say nothing about texts and are ignored."""
        if not texts or isinstance(texts[0], tuple):
            return
        self._characters += sum(map(len, texts))
        self._tokens += tokens
        if self._tokens > REMEMBERED_TOKENS:
            self._characters, self._tokens = 1 + self._characters // 2, 1 + self._tokens // 2
