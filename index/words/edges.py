"""Where a text may be cut: between words, and never within what is read as one character. Pure."""

import functools
import re
import unicodedata

from index.words.letters import WITHOUT_SPACES, same_letters
from index.words.places import combines

MAX_SOUGHT_CHARACTERS = 512  # for the next edge; a word of twice MAX_WORD_CHARACTERS is not read
JOINER = "\u200d"
SENTENCE_ENDS = re.compile(
    r"[.!?…][\"'”’»)\]]*\s+"
    r"|[。！？｡][\"'”’」』）]*\s*"
    r"|[\n\r\u2028\u2029]\s*"
)


def is_edge(text: str, place: int) -> bool:
    """Say whether a word may begin or end at a place, or neither is there."""
    if place in (0, len(text)):
        return True
    before, after = text[place - 1], text[place]
    if not parts(text, place):
        return False
    return not (is_wordy(before) and is_wordy(after)) or is_alone(before) or is_alone(after)


def parts(text: str, place: int) -> bool:
    """Say whether no character there belongs to the one before it: no mark, no joiner, no skin tone."""
    return place in (0, len(text)) or not (text[place - 1] == JOINER or is_attached(text[place]))


def edge_from(text: str, place: int, end: int) -> int:
    """Return the first edge from a place on, before `end`, or that where there is none."""
    reach = range(place, min(end, place + MAX_SOUGHT_CHARACTERS))
    return next((at for at in reach if is_edge(text, at)), end)


def edge_before(text: str, place: int, start: int) -> int | None:
    """Return the last edge up to a place, after `start`; None where there is none."""
    return next((at for at in backwards(place, start) if is_edge(text, at)), None)


def part_before(text: str, place: int, start: int) -> int:
    """Return the last place that parts two characters up to this one, after `start`; or else that."""
    return next((at for at in backwards(place, start) if parts(text, at)), start)


def backwards(place: int, start: int) -> range:
    return range(place, max(start, place - MAX_SOUGHT_CHARACTERS), -1)


def sentence_starts(text: str, start: int, end: int) -> list[int]:
    """Return the places within these, both included, at which a sentence or a line begins."""
    found = [0] if start == 0 else []
    before = max(0, start - MAX_SOUGHT_CHARACTERS)
    places = (match.end() for match in SENTENCE_ENDS.finditer(text, before, end))
    return found + [place for place in places if start <= place <= end and is_edge(text, place)]


@functools.cache
def is_attached(character: str) -> bool:
    return combines(character) or not same_letters(character) or "\U0001f3fb" <= character <= "\U0001f3ff"


@functools.cache
def is_wordy(character: str) -> bool:
    """Say whether a character stands within words: it becomes a letter, a digit or a mark, or nothing."""
    letters = same_letters(character)
    return not letters or any(one.isalnum() or unicodedata.category(one).startswith("M") for one in letters)


@functools.cache
def is_alone(character: str) -> bool:
    """Say whether a character is of a script without spaces, where every one may be an edge."""
    return re.match(f"[{WITHOUT_SPACES}]", same_letters(character)) is not None
