import asyncio
from pathlib import Path

import numpy as np
import pytest

from bench.artifacts import load_model, open_artifact
from bench.batching.padding import Pass, compare_padding, summarize_passes
from tests.tiny import TINY


def test_speeds_are_of_the_texts_own_tokens_and_ratios_are_taken_within_a_round() -> None:
    passes = {
        "vecd": [Pass(1.0, 100), Pass(2.0, 100)],
        "fifo-padding-256": [Pass(3.0, 400), Pass(6.0, 400)],
    }
    figures = summarize_passes(passes, texts=10, tokens=100, threads=2)
    assert figures.tokens_per_s == {
        "vecd": [100, 50],
        "fifo-padding-256": [pytest.approx(100 / 3), pytest.approx(50 / 3)],
    }
    assert figures.padding_share == {"vecd": 0, "fifo-padding-256": 0.75}
    assert figures.ratios == {"vecd/fifo-padding-256": 3}
    assert figures.noise == {"vecd/fifo-padding-256": 0}


def test_the_engine_and_both_budgets_compute_the_same_texts(tiny_models: Path) -> None:
    model = load_model(tiny_models, TINY, "cpu", cores=2)
    tokenizer = open_artifact(tiny_models, TINY).tokenizer()
    texts = [f"dog {'long ' * (number % 9)}{number}" for number in range(60)]
    with model.running():
        figures = asyncio.run(compare_padding(model, tokenizer, texts, 2, np.random.default_rng(1)))
    assert figures.texts == 60
    assert figures.tokens == sum(len(tokenizer.encode(text).ids) for text in texts)
    assert figures.padding_share["vecd"] == 0 < figures.padding_share["fifo-padding-16384"] < 1
    assert all(len(rounds) == 2 and min(rounds) > 0 for rounds in figures.tokens_per_s.values())
    assert figures.ratios.keys() == {"vecd/fifo-padding-256", "vecd/fifo-padding-16384"}
