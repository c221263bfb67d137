"""One analysis of texts and of queries: from a text to the stems that are kept of it and that it is found by."""

import unicodedata

import tantivy

from index.documents.settings import DEFAULT_LANGUAGE, LANGUAGES
from index.words.letters import words_apart
from index.words.stop_words import STOP_WORDS

VERSION = 1  # counts up with any change after which a text has other words


class Analysis:
    """Of texts in a language, whose endings Snowball's stemmer takes off (https://snowballstem.org); None leaves all.

    A stemmer leaves words of other scripts alone. `name` says whether two analyses are the same: Python brings its
    version of Unicode along.
    """

    def __init__(self, language: str | None = DEFAULT_LANGUAGE) -> None:
        if language is not None and language not in LANGUAGES:
            raise ValueError(f"there is no stemmer for {language!r}; there are {', '.join(sorted(LANGUAGES))}")
        self.name = f"{VERSION}-{unicodedata.unidata_version}-{language or 'plain'}"
        self.stop_words = frozenset(STOP_WORDS.get(language or "", "").split())
        self.stemmer = built(language)
        self.reader = built(None)

    def stems(self, words: str) -> list[str]:
        """Return the stems of words with spaces between them, one for each."""
        return list(self.stemmer.analyze(words))

    def stems_of(self, text: str) -> list[str]:
        """Return the stems of a document's text, in order."""
        return self.stems(words_apart(text))

    def plain(self, words: str) -> list[str]:
        """Return the words with their endings, one for each."""
        return list(self.reader.analyze(words))


def built(language: str | None) -> tantivy.TextAnalyzer:
    """Return what makes stems of words with spaces between them, accents on Latin letters taken off."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    if language is not None:
        builder = builder.filter(tantivy.Filter.stemmer(language))
    return builder.filter(tantivy.Filter.ascii_fold()).build()
