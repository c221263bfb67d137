"""How many tokens texts are thought to have before they are tokenized, whatever was sent before."""

import pytest

from server.contract.estimate import TokenEstimate

MOST = 256
SENTENCE = "a sentence of plain words, of some sixty characters in all. "
ENDLESS = "한" * 333_333


def test_prose_is_estimated_as_prose_and_at_most_what_the_model_reads() -> None:
    estimate = TokenEstimate(MOST)
    assert estimate.of([SENTENCE]) == 2 + len(SENTENCE) // 5
    assert estimate.of([SENTENCE * 50] * 3) == 3 * MOST + 50 * 3 * len(SENTENCE) // 4_000
    assert estimate.of([SENTENCE * 50], whole=True) == 2 + 10 * len(SENTENCE) + 50 * len(SENTENCE) // 4_000


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_read_counts_besides_the_tokens_that_it_makes(*, whole: bool) -> None:
    estimate = TokenEstimate(MOST)
    few, many = estimate.of([ENDLESS[:10_000]], whole=whole), estimate.of([ENDLESS], whole=whole)
    assert many - few > 70


def test_a_word_without_end_and_texts_that_were_cut_do_not_make_others_seem_short() -> None:
    estimate = TokenEstimate(MOST)
    for _ in range(1_000):
        estimate.learn([ENDLESS], 3)
    assert estimate.of([SENTENCE * 10]) > 10 * len(SENTENCE) // 13
    estimate = TokenEstimate(MOST)
    for _ in range(1_000):
        estimate.learn([SENTENCE * 10_000], MOST)
    assert estimate.of([SENTENCE]) == 2 + len(SENTENCE) // 5


def test_what_texts_really_had_is_learned() -> None:
    estimate = TokenEstimate(MOST)
    for _ in range(1_000):
        estimate.learn(["각" * 100], 250)
    assert estimate.of(["각" * 50]) > 100
