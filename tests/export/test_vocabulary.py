"""Every token of the vocabulary as a text: which texts those are, and what the fp32 encoder does with them."""

import msgspec
import numpy as np
import pytest
from tokenizers import Tokenizer, processors

from export import ExportError
from export.bert import BertConfig
from export.calibration import quantize_encoder
from export.encoder import TextBatch
from export.reference import embed_reference
from export.smoothing import measure_reach
from export.vocabulary import single_token_texts, sweep_vocabulary
from tests.tiny import VOCABULARY, tiny_config, tiny_tokenizer, tiny_weights

CONFIG = msgspec.convert(tiny_config(), BertConfig)
WEIGHTS = tiny_weights(seed=3)
TEXTS = [[2, token, 3] for token in range(len(VOCABULARY))]


@pytest.fixture
def tokenizer() -> Tokenizer:
    unpadded = tiny_tokenizer()
    unpadded.no_padding()
    return unpadded


def test_each_token_is_a_text_special_tokens_too(tokenizer: Tokenizer) -> None:
    assert single_token_texts(CONFIG, tokenizer) == TEXTS


def test_a_tokenizer_that_is_not_of_a_bert_is_refused(tokenizer: Tokenizer) -> None:
    tokenizer.post_processor = processors.TemplateProcessing(single="$A [SEP]", special_tokens=[("[SEP]", 3)])
    with pytest.raises(ExportError, match="makes 1 tokens of an empty text"):
        single_token_texts(CONFIG, tokenizer)


def test_a_tokenizer_with_tokens_that_the_encoder_lacks_is_refused(tokenizer: Tokenizer) -> None:
    tokenizer.add_tokens(["another"])
    with pytest.raises(
        ExportError, match=f"{CONFIG.vocab_size + 1} tokens, the encoder has embeddings for {CONFIG.vocab_size}"
    ):
        single_token_texts(CONFIG, tokenizer)


def test_the_sweep_gives_the_embedding_of_every_text_and_calls_back_for_each() -> None:
    calls: list[None] = []
    swept = sweep_vocabulary(CONFIG, WEIGHTS, "mean", TEXTS, lambda: calls.append(None))
    assert len(calls) == len(TEXTS)
    expected = [embed_reference(CONFIG, WEIGHTS, ids, "mean") for ids in TEXTS]
    assert np.abs(swept.reference.rows - expected).max() < 1e-6


def test_the_sweep_gives_the_range_of_every_activation() -> None:
    swept = sweep_vocabulary(CONFIG, WEIGHTS, "mean", TEXTS, lambda: None)
    assert swept.reach.keys() == quantize_encoder(CONFIG, WEIGHTS, TEXTS[:2], lambda: None).sites.keys()
    embedded = TextBatch(TEXTS).embed(CONFIG, WEIGHTS, WEIGHTS["embeddings.word_embeddings.weight"])
    assert np.allclose(swept.reach["qkv.0"].high, measure_reach(embedded).high, atol=1e-5)
    assert np.allclose(swept.reach["qkv.0"].low, measure_reach(embedded).low, atol=1e-5)


def test_calibration_covers_ranges_that_its_own_texts_do_not_reach() -> None:
    swept = sweep_vocabulary(CONFIG, WEIGHTS, "mean", TEXTS, lambda: None)
    narrow = quantize_encoder(CONFIG, WEIGHTS, TEXTS[:2], lambda: None).sites
    wide = quantize_encoder(CONFIG, WEIGHTS, TEXTS[:2], lambda: None, swept.reach).sites
    for site, chosen in wide.items():
        for side, end in ((swept.reach[site].high, 255), (-swept.reach[site].low, 0)):
            steps = side / (chosen.factors * chosen.scale) + chosen.zero_point
            assert (steps <= 255.6).all() if end else (steps >= -0.6).all()
    assert any(np.any(narrow[site].factors != wide[site].factors) for site in wide)
