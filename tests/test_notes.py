"""The notes that the end-to-end tests search are what they are meant to be: found by meaning, not by words."""

from pathlib import Path

import pytest

from index.words.analysis import Analysis
from index.words.letters import words_apart
from tests.e2e.notes_data import FOLDER, SECOND_FOLDER, Question, notes, questions

FOLDERS = (FOLDER, SECOND_FOLDER)
NOTES = {folder: notes(folder) for folder in FOLDERS}
ASKED = {folder: questions(folder) for folder in FOLDERS}
ANALYSIS = Analysis("english")
LONG_BYTES = range(4_500, 6_001)
SHORT_WORDS = range(60, 221)
LATE_CHARACTERS = 2_500  # well behind the first 256 tokens of English

LATE = [(folder, asked) for folder in FOLDERS for asked in ASKED[folder].late_facts]
ALL = [(folder, asked) for folder in FOLDERS for asked in ASKED[folder].notes] + LATE

each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def readable(value: Path | Question) -> str:
    return value.question if isinstance(value, Question) else value.name


def content_words(text: str) -> set[str]:
    """Return the stems of a text's words, without those of stop words."""
    words = words_apart(text)
    both = zip(ANALYSIS.plain(words), ANALYSIS.stems(words), strict=True)
    return {stem for word, stem in both if word not in ANALYSIS.stop_words}


def shared(question: str, note: str) -> set[str]:
    return content_words(question) & content_words(note)


@each_folder
def test_there_are_twenty_short_notes_and_ten_long_ones(folder: Path) -> None:
    long = {name for name, text in NOTES[folder].items() if len(text.encode()) in LONG_BYTES}
    short = {name for name, text in NOTES[folder].items() if len(text.split()) in SHORT_WORDS}
    assert (len(NOTES[folder]), len(long), len(short)) == (30, 10, 20)
    assert {asked.note for asked in ASKED[folder].late_facts} == long


@each_folder
def test_there_are_twenty_questions_to_different_notes_and_ten_to_late_facts(folder: Path) -> None:
    asked = ASKED[folder]
    assert (len(asked.notes), len({one.note for one in asked.notes})) == (20, 20)
    assert (len(asked.late_facts), len({one.note for one in asked.late_facts})) == (10, 10)


@pytest.mark.parametrize(("folder", "asked"), ALL, ids=readable)
def test_a_fact_stands_word_for_word_in_its_note_alone(folder: Path, asked: Question) -> None:
    assert [name for name, text in NOTES[folder].items() if asked.fact in text] == [asked.note]


@pytest.mark.parametrize(("folder", "asked"), LATE, ids=readable)
def test_a_late_fact_stands_far_behind_the_beginning_of_its_note(folder: Path, asked: Question) -> None:
    assert NOTES[folder][asked.note].index(asked.fact) > LATE_CHARACTERS


@pytest.mark.parametrize(("folder", "asked"), ALL, ids=readable)
def test_a_question_shares_at_most_one_content_word_with_the_note_that_answers_it(
    folder: Path, asked: Question
) -> None:
    assert len(found := shared(asked.question, NOTES[folder][asked.note])) <= 1, found


def test_words_are_shared_whatever_their_endings_and_stop_words_are_not() -> None:
    assert shared("What did the engines cost?", "What an engine costs us") == {"engin", "cost"}
