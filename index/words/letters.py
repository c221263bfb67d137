"""Letters that mean the same made the same, and words found among them. Pure; the same text gives the same words.

NFKC, full case folding, and then what writers leave out or put in at will goes: soft hyphens, joiners, variation
selectors, the points of Arabic and Hebrew, accents. Marks that make another letter (the vowel signs of Devanagari, the
voicing of kana) stay with it. Scripts that are written without spaces are cut into pairs of neighbours.
"""

import functools
import itertools
import re
import unicodedata

MAX_WORD_CHARACTERS = 256  # a longer one is cut into pieces of so many

# https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Accents that no letter has taken in, points of Hebrew, of Arabic (with its lengthening stroke) and of Syriac.
POINTS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u08d3-\u08ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
)
# Letters that keyboards and habits exchange: alef with and without hamza, the two yehs and kafs, Russian yo.
EXCHANGED = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ё": "е"}
GREEK = ((0x0370, 0x03FF), (0x1F00, 0x1FFF))
# Scripts whose words no spaces divide, and Hangul, whose particles stand without one: a pair of neighbours is a word.
# Digits and punctuation in these ranges count as in any script.
WITHOUT_SPACES = (
    "\u0e01-\u0e4e\u0e81-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u109a-\u109d\u1100-\u11ff\u1780-\u17d3\u17dc\u17dd"
    "\u1950-\u197f\u1980-\u19c9\u1a20-\u1a7c\u1aa7\u1b00-\u1b4b\u2e80-\u2fd5\u3005-\u3007\u3021-\u302f\u3031-\u3035\u303b"
    "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua000-\ua48c\ua960-\ua97c\ua980-\ua9c0\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f\uaa80-\uaadf\uac00-\ud7fb\uf900-\ufaff"
    "\U00016fe0-\U0001b2fb\U00020000-\U000323af"
)

# Bytes of UTF-8: ASCII's letters made small, what separates words made a space, all other scripts left as they are.
ASCII_WORDS = bytes(
    code if code > 127 else ord(chr(code).lower()) if chr(code).isalnum() else 32 for code in range(256)
)
TYPOGRAPHY = "‘’“”–—…•\u00a0"  # what stands in English text beyond ASCII, replaced first because that is quick
DROPPED = re.compile(f"[{INVISIBLE}{POINTS}]+")
LONG = re.compile(rf"(\S{{{MAX_WORD_CHARACTERS}}})(?=\S)")


def words_apart(text: str, pairs_alone: bool = False) -> str:
    """Return the words of a text with spaces between them, letters that mean the same made the same.

    Where there are no spaces, each letter and each pair of neighbours is a word; `pairs_alone` leaves out the letters
    that stand in a pair, which is how a query asks.
    """
    if not text.isascii():
        for separator in TYPOGRAPHY:
            text = text.replace(separator, " ")
    if not text.isascii():
        groups = itertools.groupby(text.split(), str.isascii)
        text = " ".join(
            [" ".join(words) if ascii_ else folded(" ".join(words), pairs_alone) for ascii_, words in groups]
        )
    found = text.encode().translate(ASCII_WORDS).decode()
    if max(map(len, found.split(" "))) > MAX_WORD_CHARACTERS:
        found = LONG.sub(r"\1 ", found)
    return found


def folded(text: str, pairs_alone: bool) -> str:
    found = separators().sub(" ", same_letters(text))
    return runs().sub(lambda run: f" {paired(run.group(), pairs_alone)} ", found)


def same_letters(text: str) -> str:
    """Return the text with one form of each letter: https://www.unicode.org/reports/tr44/#NFKC_Casefold, and more."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return exchanged().sub(lambda letter: one_form()[letter.group()], DROPPED.sub("", text))


def paired(run: str, pairs_alone: bool) -> str:
    """Return the pairs of neighbouring letters of a run without spaces, and the letters themselves, in order."""
    letters = clusters().findall(run)
    if len(letters) == 1:
        return run
    pairs = [first + second for first, second in itertools.pairwise(letters)]
    if pairs_alone:
        return " ".join(pairs)
    return " ".join([part for both in zip(letters, pairs, strict=False) for part in both] + letters[-1:])


@functools.cache
def marks() -> str:
    """Return the marks, which stand with the letter before them, as ranges of a character class."""
    codes = [code for code in range(0x300, 0x20000) if is_mark(code)]
    firsts = [code for code in codes if not is_mark(code - 1)]
    lasts = [code for code in codes if not is_mark(code + 1)]
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in zip(firsts, lasts, strict=True))


def is_mark(code: int) -> bool:
    return unicodedata.category(chr(code)).startswith("M")


@functools.cache
def separators() -> re.Pattern[str]:
    return re.compile(rf"[^\w{marks()}]+")


@functools.cache
def runs() -> re.Pattern[str]:
    return re.compile(rf"(?:[{WITHOUT_SPACES}][{marks()}]*)+")


@functools.cache
def clusters() -> re.Pattern[str]:
    return re.compile(rf"[{WITHOUT_SPACES}][{marks()}]*")


@functools.cache
def one_form() -> dict[str, str]:
    """Return the letters that become others: those that are exchanged, and Greek ones without their accents."""
    greek = {}
    for first, last in GREEK:
        for letter in map(chr, range(first, last + 1)):
            plain = unicodedata.normalize("NFD", letter)[0]
            if plain != letter and plain.isalpha():
                greek[letter] = plain
    return EXCHANGED | greek


@functools.cache
def exchanged() -> re.Pattern[str]:
    return re.compile(f"[{''.join(one_form())}]")
