"""Settings of collections between the contract and the index: what is left out of them, and what is in force.

Passages depend on what the model reads, the threshold of the default collection on the server's own setting.
"""

from msgspec import UNSET, UnsetType

import index
from index import DEFAULT_COLLECTION, MIN_PASSAGE_TOKENS, Settings, SettingsChange, check_change
from server.contract.collections import (
    CollectionSettings,
    Passages,
    PassagesAsked,
)
from server.contract.errors import CollectionSettingsError
from server.documents.library import translated_errors

USUAL = index.PassageSettings()


class SettingsRules:
    """`most_tokens` are those that the model reads of a passage, beside special tokens and the prompt for documents.

    `search_threshold` is the one of the default collection until it is given one.
    """

    def __init__(self, most_tokens: int, search_threshold: float) -> None:
        self.most_tokens = most_tokens
        self._search_threshold = search_threshold

    def change_of(self, asked: CollectionSettings) -> SettingsChange:
        """Return what a request asks for, or raise CollectionSettingsError."""
        passages: index.PassageSettings | UnsetType | None = UNSET
        if asked.passages is not UNSET:
            passages = None if asked.passages is None else self._whole(asked.passages)
        with translated_errors():
            return check_change(SettingsChange(passages, asked.language, asked.threshold))

    def _whole(self, asked: PassagesAsked) -> index.PassageSettings:
        """Return passages of which nothing is left out; where the model reads less than usual, they are as long."""
        most, overlap = asked.max_tokens, asked.overlap_tokens
        most = min(USUAL.max_tokens, self.most_tokens) if most is None else most
        if most > self.most_tokens:
            message = f"max_tokens of passages is {most}; the model reads {self.most_tokens} of a passage"
            raise CollectionSettingsError(message, "passages")
        return index.PassageSettings(most, min(USUAL.overlap_tokens, most // 2) if overlap is None else overlap)

    def passages_of(self, settings: Settings) -> Passages | None:
        """Return how the texts of a collection are cut: as was set, but never longer than the model reads."""
        if (found := settings.passages) is None:
            return None
        most = max(MIN_PASSAGE_TOKENS, min(found.max_tokens, self.most_tokens))
        return Passages(most, min(found.overlap_tokens, most // 2))

    def threshold_of(self, name: str, settings: Settings) -> float | None:
        """Return the threshold of searches in mode vector that give none."""
        if settings.threshold is not UNSET:
            return settings.threshold
        return self._search_threshold if name == DEFAULT_COLLECTION else None
