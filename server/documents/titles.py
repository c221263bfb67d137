"""What a long text is called, put before each of its passages: a passage alone does not say what it is about.

Of ten facts far down in a person's notes eight are found with titles as without, of ten of another person ten and not
nine. The first sentence of a text without a title is none: a short passage with it would be found for what it says.
"""

import re

from tokenizers import Tokenizer

from server.engine.tokenization import guarded, untruncated

TITLE_TOKENS = 32
TITLE_ROOM = TITLE_TOKENS + 1
# In which a title is looked for.
READ_CHARACTERS = 400
HEADING = re.compile(r"#{1,6}[ \t]+(?P<title>\S.*)")
SENTENCE_END = re.compile(r"[.!?:;,…。！？、]$")


class Titles:
    """Finds titles: headings and lines of their own, of at most TITLE_TOKENS tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = untruncated(tokenizer)

    def of(self, text: str) -> str:
        """Return the title of a text, nothing where it has none; InferenceError.

        It is the first line that is not empty, if that is a heading or ends as no sentence does.
        """
        line, _, rest = text[:READ_CHARACTERS].lstrip().partition("\n")
        line, heading = line.strip(), HEADING.match(line)
        title = line if heading is None else heading["title"].strip(" #\t")
        if not rest.strip() or not title or (heading is None and SENTENCE_END.search(title)):
            return ""
        return title if self._is_short(title) else ""

    def _is_short(self, title: str) -> bool:
        return guarded(lambda: len(self._tokenizer.encode(title, add_special_tokens=False).ids)) <= TITLE_TOKENS
