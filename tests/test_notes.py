"""The notes that the end-to-end tests search are what they are meant to be: found by meaning, not by words."""

import pytest

from index.words.analysis import Analysis
from index.words.letters import words_apart
from tests.e2e.notes_data import Question, notes, questions

NOTES = notes()
ASKED = questions()
ANALYSIS = Analysis("english")
LONG_BYTES = range(4_500, 6_001)
SHORT_WORDS = range(60, 221)
LATE_CHARACTERS = 2_500  # well behind the first 256 tokens of English


def content_words(text: str) -> set[str]:
    """Return the stems of a text's words, without those of stop words."""
    words = words_apart(text)
    both = zip(ANALYSIS.plain(words), ANALYSIS.stems(words), strict=True)
    return {stem for word, stem in both if word not in ANALYSIS.stop_words}


def shared(question: str, note: str) -> set[str]:
    return content_words(question) & content_words(note)


def question_ids(question: Question) -> str:
    return question.question


def test_there_are_twenty_short_notes_and_ten_long_ones() -> None:
    long = {name for name, text in NOTES.items() if len(text.encode()) in LONG_BYTES}
    short = {name for name, text in NOTES.items() if len(text.split()) in SHORT_WORDS}
    assert (len(NOTES), len(long), len(short)) == (30, 10, 20)
    assert {asked.note for asked in ASKED.late_facts} == long


def test_there_are_twenty_questions_to_different_notes_and_ten_to_late_facts() -> None:
    assert (len(ASKED.notes), len({asked.note for asked in ASKED.notes})) == (20, 20)
    assert (len(ASKED.late_facts), len({asked.note for asked in ASKED.late_facts})) == (10, 10)


@pytest.mark.parametrize("asked", ASKED.notes + ASKED.late_facts, ids=question_ids)
def test_a_fact_stands_word_for_word_in_its_note_alone(asked: Question) -> None:
    assert [name for name, text in NOTES.items() if asked.fact in text] == [asked.note]


@pytest.mark.parametrize("asked", ASKED.late_facts, ids=question_ids)
def test_a_late_fact_stands_far_behind_the_beginning_of_its_note(asked: Question) -> None:
    assert NOTES[asked.note].index(asked.fact) > LATE_CHARACTERS


@pytest.mark.parametrize("asked", ASKED.notes + ASKED.late_facts, ids=question_ids)
def test_a_question_shares_at_most_one_content_word_with_the_note_that_answers_it(asked: Question) -> None:
    assert len(found := shared(asked.question, NOTES[asked.note])) <= 1, found


def test_words_are_shared_whatever_their_endings_and_stop_words_are_not() -> None:
    assert shared("What did the engines cost?", "What an engine costs us") == {"engin", "cost"}
