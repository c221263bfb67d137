"""What a text is called: its heading, or a line of its own that is no sentence."""

import pytest

from server.documents.titles import TITLE_TOKENS, Titles
from tests.server.documents.test_passages import TOKENIZER

BODY = "\n\nA text that goes on.\n"


@pytest.fixture(scope="module")
def titles() -> Titles:
    return Titles(TOKENIZER)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (f"# The garden{BODY}", "The garden"),
        (f"\n\n  ## Is it a title? ##{BODY}", "Is it a title?"),
        (f"Minutes of May 3{BODY}", "Minutes of May 3"),
        (f"Minutes\r\n{BODY}", "Minutes"),
        (f"It rained all day.{BODY}", ""),
        (f"Dear Anna,{BODY}", ""),
        (f"第一章。{BODY}", ""),
        (f"#hashtag{BODY}", "#hashtag"),
        ("# A heading alone", ""),
        ("# A heading alone\n \n", ""),
        ("", ""),
        (" \n\t", ""),
        (f"#{BODY}", "#"),
        (f"{'a ' * (TITLE_TOKENS + 1)}{BODY}", ""),
        (f"{'a ' * TITLE_TOKENS}{BODY}", ("a " * TITLE_TOKENS).strip()),
        ("one line that never ends " * 50, ""),
    ],
)
def test_titles_are_lines_of_their_own(titles: Titles, text: str, title: str) -> None:
    assert titles.of(text) == title
