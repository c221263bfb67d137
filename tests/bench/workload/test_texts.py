"""Texts are distinct, seeded and of the lengths that they say."""

import itertools

import pytest

from bench.workload.texts import PROFILES, WORDS, Profile, SizedText, stream_texts
from models import ARTIFACTS
from models.tokenizer import open_tokenizer


def take(count: int, profile: Profile, seed: int = 1, duplicates: float = 0.0) -> list[SizedText]:
    return list(itertools.islice(stream_texts(profile, seed, duplicates), count))


@pytest.mark.parametrize("profile", PROFILES)
def test_texts_are_distinct_and_a_seed_gives_them_again(profile: Profile) -> None:
    texts = take(5000, profile)
    assert len({one.text for one in texts}) == 5000
    assert take(5000, profile) == texts
    assert take(50, profile, seed=2) != texts[:50]


def test_rows_of_a_contest_share_no_text() -> None:
    """A peer without a cache computes what vecd's would answer, so no text may come twice to one process."""
    rows = [one.text for place in range(6) for one in take(10_000, "short", seed=20 + place)]
    assert len(set(rows)) == len(rows)


def test_the_mixed_profile_has_its_shares() -> None:
    tokens = [one.tokens for one in take(20_000, "mixed")]
    assert sum(5 <= n <= 20 for n in tokens) / 20_000 == pytest.approx(0.70, abs=0.02)
    assert sum(60 <= n <= 120 for n in tokens) / 20_000 == pytest.approx(0.25, abs=0.02)
    assert sum(n == 256 for n in tokens) / 20_000 == pytest.approx(0.05, abs=0.01)


def test_duplicates_come_at_the_chosen_rate() -> None:
    texts = [one.text for one in take(5000, "short", duplicates=0.3)]
    assert 1 - len(set(texts)) / 5000 == pytest.approx(0.3, abs=0.03)


def test_there_are_as_many_words_as_a_byte_has_values() -> None:
    assert len(set(WORDS)) == 256


@pytest.mark.e2e
def test_every_text_has_exactly_the_tokens_that_it_says() -> None:
    tokenizer = open_tokenizer(ARTIFACTS / "all-MiniLM-L6-v2" / "tokenizer.json", 512)
    for profile in PROFILES:
        assert all(len(tokenizer.encode(one.text).ids) == one.tokens for one in take(300, profile))
