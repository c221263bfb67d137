from pathlib import Path

from bench.artifacts import open_artifact
from bench.batching.saturation import write_texts
from tests.bench.seeded import generator
from tests.tiny import TINY


def test_texts_are_written_to_the_length_that_is_asked_for(tiny_models: Path) -> None:
    tokenizer = open_artifact(tiny_models, TINY).tokenizer()
    texts = write_texts([5, 3, 40], tokenizer, generator())
    assert [len(tokenizer.encode(text).ids) for text in texts] == [5, 3, 40]
