"""From a query's text to what is sought: stems and how often, phrases, the beginning of a word, words with an edit."""

import re
from collections import Counter
from collections.abc import Mapping

import msgspec

from index.words.analysis import Analysis
from index.words.letters import words_apart

QUOTED = re.compile('"([^"]*)"|“([^“”]*)”')
FORGIVEN_LETTERS = 5  # a shorter word with one letter changed is another word


class Sought(msgspec.Struct, frozen=True):
    """Documents that hold at least one of the stems; a phrase that they hold counts as its stems once more.

    Each stem counts as often as the query holds it. Where `demanded`, since all of the query stands in quotes,
    documents hold all phrases. `beginning` is that of a word, and for each word in `forgiven` one
    within an edit counts too; both as words are written, not as stems.
    """

    stems: Mapping[str, int] = {}
    phrases: tuple[tuple[str, ...], ...] = ()
    demanded: bool = False
    beginning: str | None = None
    forgiven: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.stems)


def sought_in(text: str, analysis: Analysis, *, prefix: bool = False, typos: bool = False) -> Sought:
    """Return what a query's text asks for. With `prefix` its last word may go on, if nothing follows it."""
    words = words_apart(text, pairs_alone=True)
    both = list(zip(analysis.plain(words), analysis.stems(words), strict=True))
    telling = [pair for pair in both if pair[0] not in analysis.stop_words] or both
    quoted = [words_apart(match.group(match.lastindex or 0)) for match in QUOTED.finditer(text)]
    phrases = dict.fromkeys(tuple(analysis.stems(phrase)) for phrase in quoted if phrase.strip())
    unfinished = prefix and both and words_apart(text[-1]).strip()
    return Sought(
        stems=Counter(stem for _, stem in telling),
        phrases=tuple(phrases),
        demanded=bool(phrases) and not words_apart(QUOTED.sub(" ", text)).strip(),
        beginning=both[-1][0] if unfinished else None,
        forgiven=tuple(dict.fromkeys(word for word, _ in telling if typos and is_forgiven(word))),
    )


def is_forgiven(word: str) -> bool:
    """Say whether a word may differ by one edit: long ones, but no numbers."""
    return len(word) >= FORGIVEN_LETTERS and not any(letter.isnumeric() for letter in word)


def within_one_edit(word: str, other: str) -> bool:
    """Say whether one letter more, less or changed, or two neighbours exchanged, makes one of the other."""
    if word == other:
        return True
    shorter, longer = sorted((word, other), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    same = next((place for place, letter in enumerate(shorter) if letter != longer[place]), len(shorter))
    if len(shorter) < len(longer):
        return shorter[same:] == longer[same + 1 :]
    exchanged = shorter[same : same + 2] == longer[same : same + 2][::-1]
    return shorter[same + 1 :] == longer[same + 1 :] or (exchanged and shorter[same + 2 :] == longer[same + 2 :])
