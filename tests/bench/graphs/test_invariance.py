from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.artifacts import open_artifact
from bench.graphs.invariance import (
    CONCURRENT_BATCHES,
    LARGEST_BATCH,
    Encoded,
    compare_runs,
    differs,
    encode_batches,
    sample_batches,
    sample_texts,
    sample_waves,
    split_runs,
)
from tests.tiny import TINY

SENTENCES = [f"sentence {i}" for i in range(100)]


class SwayingSession:
    """Gives every text the same row alone, and another in company."""

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
        return np.full((len(encodings), 2), float(len(encodings)), np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_the_sample_holds_each_text_once_and_some_passages() -> None:
    texts = sample_texts([*SENTENCES, *SENTENCES], 50, rng())
    assert len(set(texts)) == len(texts) == 50
    assert sum(text not in SENTENCES for text in texts) == 5


def test_the_same_seed_gives_the_same_batches() -> None:
    assert sample_batches(SENTENCES, 5, rng()) == sample_batches(SENTENCES, 5, rng())


def test_a_batch_holds_different_texts_and_never_too_many() -> None:
    batches = sample_batches(SENTENCES, 300, rng())
    assert all(len(set(batch)) == len(batch) for batch in batches)
    sizes = {len(batch) for batch in batches}
    assert (min(sizes), max(sizes)) == (1, LARGEST_BATCH)


def test_waves_hold_every_batch_and_some_hold_several() -> None:
    batches = sample_batches(SENTENCES, 40, rng())
    waves = list(sample_waves(batches, rng()))
    assert [batch for wave in waves for batch in wave] == batches
    assert {len(wave) for wave in waves} == set(range(1, CONCURRENT_BATCHES + 1))


def test_a_row_differs_in_the_sign_of_a_zero_and_a_nan_equals_itself() -> None:
    zero, minus, nan = (np.array([value], np.float32) for value in (0.0, -0.0, np.nan))
    assert differs(zero, minus)
    assert not differs(nan, nan)


@pytest.mark.parametrize(("value", "different"), [(1.0, 2), (7.0, 4)])
@pytest.mark.parametrize("all_cores", [False, True])
def test_a_session_whose_rows_depend_on_their_company_is_found_out(
    tiny_models: Path, value: float, different: int, *, all_cores: bool
) -> None:
    batches = encode_batches([["ab"], ["cd"], ["ab", "cd"]], open_artifact(tiny_models, TINY).tokenizer())
    alone = {text: np.full(2, value, np.float32) for text in ("ab", "cd")}
    assert sum(compare_runs(SwayingSession(), "equal-length", batches, alone, all_cores=all_cores)) == different


def test_a_batch_is_one_run_for_each_length_where_lengths_must_be_equal_else_a_single_one() -> None:
    short, other, long = Encoded("a", [1, 2]), Encoded("b", [1, 3]), Encoded("c", [1, 2, 3])
    assert split_runs([short, long, other], "equal-length") == [[short, other], [long]]
    assert split_runs([short, long, other], "ragged") == [[short, long, other]]
