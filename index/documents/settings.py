"""The settings of a collection: how its texts are cut into passages, the language of its words, a threshold."""

import math
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from index.errors import CollectionSettingsError

MIN_PASSAGE_TOKENS = 16  # a shorter passage says too little to be found by
# Those for which there is a stemmer.
Language = Literal[
    "arabic", "danish", "dutch", "english", "finnish", "french", "german", "greek", "hungarian", "italian",
    "norwegian", "portuguese", "romanian", "russian", "spanish", "swedish", "tamil", "turkish",
]  # fmt: skip
LANGUAGES = frozenset(get_args(Language))
DEFAULT_LANGUAGE: Language = "english"


class PassageSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text is cut into passages of at most `max_tokens`, of which neighbours share about `overlap_tokens`."""

    max_tokens: int = 200
    overlap_tokens: int = 50


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`passages` None cuts nothing, `language` None takes no endings off words, `threshold` None is none.

    A `threshold` that was never given is UNSET. `cutting` counts up with every change of `passages`, from 1.
    """

    passages: PassageSettings | None = PassageSettings()
    language: Language | None = DEFAULT_LANGUAGE
    threshold: float | UnsetType | None = UNSET
    cutting: Annotated[int, msgspec.Meta(ge=1)] = 1


class SettingsChange(msgspec.Struct, frozen=True):
    """What is to be other than it is; UNSET leaves it."""

    passages: PassageSettings | UnsetType | None = UNSET
    language: Language | UnsetType | None = UNSET
    threshold: float | UnsetType | None = UNSET


def changed(settings: Settings, change: SettingsChange) -> Settings:
    """Return the settings after a change that was checked."""
    given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
    after = msgspec.structs.replace(settings, **given)
    if after.passages == settings.passages:
        return after
    return msgspec.structs.replace(after, cutting=settings.cutting + 1)


def check_change(change: SettingsChange) -> SettingsChange:
    """Return the change, or raise CollectionSettingsError."""
    if isinstance(change.passages, PassageSettings):
        check_passages(change.passages)
    if isinstance(change.language, str) and change.language not in LANGUAGES:
        known = ", ".join(sorted(LANGUAGES))
        raise CollectionSettingsError(f"there is no stemmer for {change.language[:80]!r}; there are {known}")
    if isinstance(change.threshold, int | float) and not math.isfinite(change.threshold):
        raise CollectionSettingsError("the threshold is not a finite number")
    return change


def check_passages(passages: PassageSettings) -> None:
    """Raise CollectionSettingsError where texts cannot be cut so."""
    most, overlap = passages.max_tokens, passages.overlap_tokens
    if most < MIN_PASSAGE_TOKENS:
        raise CollectionSettingsError(f"max_tokens of passages must be {MIN_PASSAGE_TOKENS} at least; {most} was given")
    if not 0 <= overlap <= most // 2:
        raise CollectionSettingsError(
            f"overlap_tokens of passages must be 0 to half of max_tokens ({most}); it is {overlap}"
        )
