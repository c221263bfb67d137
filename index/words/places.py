"""Where words stand in a text: the words of `words_apart`, each with its place in the text as it was written. Pure.

Letters are changed before words are found, and a changed letter may take more room or none. So the text is changed in
units, each a character with what combines with it, and a word stands from its first unit to its last.
"""

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Set

from index.words.letters import (
    ASCII_WORDS,
    MAX_WORD_CHARACTERS,
    TYPOGRAPHY,
    WITHOUT_SPACES,
    clusters,
    marks,
    runs,
    same_letters,
    separators,
)

Place = tuple[str, int, int]  # a word, and from where up to where it stands

# Among which are all characters that are composed of two of which the second is no mark.
COMPOSED_CODES = (*range(0x0900, 0x1C00), *range(0x11000, 0x17000))
# Beyond the marks: vowels of Thai and Lao, letters of Hangul in all their forms, voicing of kana, variation selectors.
OTHERS_THAT_COMBINE = (
    *(0x0E33, 0x0EB3, 0xFF9E, 0xFF9F),
    *range(0x1160, 0x1200),
    *range(0x3131, 0x318F),
    *range(0xD7B0, 0xD7FC),
    *range(0xFFA0, 0xFFDD),
    *range(0xE0100, 0xE01F0),
)
KEPT_UNITS = 1 << 14  # of all scripts together: 2 MB
ASCII_WORD = re.compile("[0-9a-z]+")


def places_of(text: str, wanted: Set[str] | None = None) -> Iterator[Place]:
    """Yield the words of a text, as many and in the same order as `words_apart` gives, with their places.

    Where words are `wanted`, these alone, which takes a fraction of the time.
    """
    text = spaced(text)
    if text.isascii():
        yield from ascii_places(text, wanted)
        return
    odd = "".join(sorted(letter for letter in set(text) if not stays_one(letter)))
    start = 0
    for token in re.finditer(rf"\S*[{re.escape(odd)}]\S*", text) if odd else ():
        yield from plain_places(text[start : token.start()], start, wanted)
        yield from changed_places(token.group(), token.start(), wanted)
        start = token.end()
    yield from plain_places(text[start:], start, wanted)


def words_and_letters(tokens: Iterable[str]) -> tuple[set[str], str]:
    """Return the words of texts outside of runs without spaces, and all letters but ASCII's, among which the runs are.

    Each is of ASCII alone or has no space, and comes from a text that was `spaced`.
    """
    plain, others = list[str](), list[str]()
    for token in tokens:
        (plain if token.isascii() else others).append(token)
    words = set(" ".join(plain).encode().translate(ASCII_WORDS).decode().split())
    letters = separators().sub(" ", same_letters(" ".join(others))).encode().translate(ASCII_WORDS).decode()
    words.update(runs().sub(" ", letters).split())
    if any(len(word) > MAX_WORD_CHARACTERS for word in words):
        words = {piece for word in words for piece, _, _ in pieces(word, 0)}
    return words, letters


def spaced(text: str) -> str:
    """Return a text with spaces in the place of what separates words in English beyond ASCII, as `words_apart` does."""
    if not text.isascii():
        for separator in TYPOGRAPHY:
            text = text.replace(separator, " ")
    return text


def ascii_places(text: str, wanted: Set[str] | None) -> Iterator[Place]:
    for found in ASCII_WORD.finditer(text.lower()):
        if wanted is None or len(found.group()) > MAX_WORD_CHARACTERS or found.group() in wanted:
            yield from among(pieces(found.group(), found.start()), wanted)


def plain_places(text: str, offset: int, wanted: Set[str] | None) -> Iterator[Place]:
    """Yield the places in a text of which every character stays one when it is changed."""
    for word, start, end in places_among(same_letters(text), wanted):
        yield word, start + offset, end + offset


def changed_places(token: str, offset: int, wanted: Set[str] | None) -> Iterator[Place]:
    """Yield the places in a text of any characters."""
    letters = same_letters(token)
    if wanted is not None and not holds(letters, wanted):
        return
    changed, origins = "", list[tuple[int, int]]()
    for start, end in units(token):
        unit = unit_letters(token[start:end])
        changed += unit
        origins += [(start + offset, end + offset)] * len(unit)
    if changed != letters:  # units that a later Unicode joins; the words are right all the same
        origins = [(offset, offset + len(token))] * len(letters)
    for word, start, end in places_among(letters, wanted):
        yield word, origins[start][0], origins[end - 1][1]


def units(text: str) -> Iterator[tuple[int, int]]:
    """Yield from where up to where each character stands with what combines with it."""
    yield from (found.span() for found in combined().finditer(text))


def places_among(letters: str, wanted: Set[str] | None) -> Iterator[Place]:
    """Yield the words and their places among letters that were changed already."""
    letters = letters.encode().translate(ASCII_WORDS).decode()
    for found in stretches().finditer(letters):
        stretch = found.group()
        if found.lastgroup == "word":
            yield from among(pieces(stretch, found.start()), wanted)
        elif wanted is None or holds(stretch, wanted):
            yield from among(pairs(stretch, found.start()), wanted)


def among(places: Iterator[Place], wanted: Set[str] | None) -> Iterator[Place]:
    return places if wanted is None else (place for place in places if place[0] in wanted)


def holds(letters: str, wanted: Set[str]) -> bool:
    """Say whether a wanted word may be among letters, wherever it begins."""
    return any(word in letters for word in wanted)


def pieces(word: str, start: int) -> Iterator[Place]:
    """Yield a word, cut where it is too long for one."""
    for at in range(0, len(word), MAX_WORD_CHARACTERS):
        piece = word[at : at + MAX_WORD_CHARACTERS]
        yield piece, start + at, start + at + len(piece)


def pairs(run: str, start: int) -> Iterator[Place]:
    """Yield each letter of a run without spaces, and each pair of neighbours."""
    spans = [found.span() for found in clusters().finditer(run)]
    for number, (first, last) in enumerate(spans):
        yield from pieces(run[first:last], start + first)
        if number + 1 < len(spans):
            yield from pieces(run[first : spans[number + 1][1]], start + first)


@functools.cache
def combined() -> re.Pattern[str]:
    """Return the pattern of a character with what combines with it."""
    others = "".join(filter(combines, map(chr, OTHERS_THAT_COMBINE)))
    return re.compile(rf"(?s:.)[{marks()}{others}]*")


unit_letters = functools.lru_cache(KEPT_UNITS)(same_letters)


@functools.cache
def stretches() -> re.Pattern[str]:
    """Return the pattern of runs without spaces, and of words."""
    run = rf"(?P<run>(?:(?=[\w{marks()}])[{WITHOUT_SPACES}][{marks()}]*)+)"
    return re.compile(rf"{run}|(?P<word>(?:[^\W_{WITHOUT_SPACES}]|(?![{WITHOUT_SPACES}])[{marks()}])+)")


@functools.cache
def stays_one(character: str) -> bool:
    """Say whether a character is one when it is changed, whatever stands before it."""
    return len(same_letters(character)) == 1 and not combines(character)


@functools.cache
def combines(character: str) -> bool:
    """Say whether a character combines with the one before it, as it is or once it is changed."""
    plain = unicodedata.normalize("NFKC", character)
    for first in (character, plain[0], unicodedata.normalize("NFKC", plain.casefold())[0]):
        if unicodedata.category(first).startswith("M") or unicodedata.combining(first) or first in seconds():
            return True
    return False


@functools.cache
def seconds() -> frozenset[str]:
    """Return the characters that make another one with the one before them, Hangul's among them."""
    found = {chr(code) for code in (*range(0x1160, 0x1200), *range(0xD7B0, 0xD7FC))}
    for code in COMPOSED_CODES:
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            found.add(chr(int(parts[1], 16)))
    return frozenset(found)
