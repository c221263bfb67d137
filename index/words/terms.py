"""Which words of texts answer which words of a query: those of its stems, those it begins, those within an edit."""

import re
from collections.abc import Iterator

from index.words.analysis import Analysis
from index.words.letters import runs
from index.words.places import places_of, spaced, words_and_letters
from index.words.sought import Sought, within_one_edit

Found = tuple[int, int, str]  # from where up to where a word stands, and the term that it answers

TOKEN = re.compile(r"\S+")


class Terms:
    """The words that a query is looked for by, each named by its stem. For the texts of one search; keeps all words."""

    def __init__(self, sought: Sought, analysis: Analysis) -> None:
        self._analysis = analysis
        self._stems = sought.stems
        self._beginning = sought.beginning
        spelled = [word for word in (sought.beginning, *sought.forgiven) if word is not None]
        stems = dict(zip(spelled, analysis.stems(" ".join(spelled)), strict=True))
        self._begun = "" if sought.beginning is None else stems[sought.beginning]
        self._forgiven: dict[str, list[tuple[str, str]]] = {}
        for word in sought.forgiven:
            for form in shortened(word):
                self._forgiven.setdefault(form, []).append((word, stems[word]))
        self._unspaced = [stem for stem in sought.stems if runs().match(stem)]
        self._tokens: set[str] = set()
        self._telling: dict[str, list[Found]] = {}  # of the tokens read those that hold what is looked for
        self._seen: set[str] = set()
        self._terms: dict[str, str] = {}  # of the words seen that are looked for
        self.count = len({*sought.stems, *stems.values()})

    def found_in(self, text: str) -> list[Found]:
        """Return where words of a text stand that are looked for, in order."""
        text = spaced(text)
        if text.isascii():
            wanted = self._among(words_and_letters([text])[0])
            return [(start, end, wanted[word]) for word, start, end in places_of(text, wanted.keys())] if wanted else []
        tokens = set(text.split())
        self._read(tokens - self._tokens)
        telling = tokens & self._telling.keys()
        if not telling:
            return []
        return [
            (match.start() + start, match.start() + end, term)
            for match in TOKEN.finditer(text)
            if match.group() in telling
            for start, end, term in self._telling[match.group()]
        ]

    def _read(self, tokens: set[str]) -> None:
        """Find out what is looked for in texts without a space, which were not read before."""
        self._tokens |= tokens
        words, letters = words_and_letters(tokens)
        wanted = self._among(words) | {stem: stem for stem in self._unspaced if stem in letters}
        for token in tokens if wanted else ():
            found = [(start, end, wanted[word]) for word, start, end in places_of(token, wanted.keys())]
            if found:
                self._telling[token] = found

    def _among(self, words: set[str]) -> dict[str, str]:
        """Return those of the words that are looked for, each with the term that it answers."""
        new = sorted(words - self._seen)
        if new:
            self._seen.update(new)
            listed = " ".join(new)
            nearly = self._beginning is not None or self._forgiven
            spelled = self._analysis.plain(listed) if nearly else new
            for word, stem, plain in zip(new, self._analysis.stems(listed), spelled, strict=True):
                term = stem if stem in self._stems else self._nearly(plain) if nearly else None
                if term is not None:
                    self._terms[word] = term
        return {word: self._terms[word] for word in words & self._terms.keys()}

    def _nearly(self, word: str) -> str | None:
        """Return the term that a word is not a form of, but answers all the same."""
        if self._beginning is not None and word.startswith(self._beginning):
            return self._begun
        if self._forgiven:
            for form in shortened(word):
                for other, term in self._forgiven.get(form, ()):
                    if within_one_edit(word, other):
                        return term
        return None


def shortened(word: str) -> Iterator[str]:
    """Yield the word, and what it is without each of its letters: words within an edit have one of these in common."""
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]
