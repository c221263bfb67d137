from pathlib import Path

import numpy as np

from bench.artifacts import OUTPUT, open_artifact
from bench.retrieval.fp32 import embed_fp32
from tests.tiny import TINY

TEXTS = ["a dog", "the cat sleeps by the fire", "rain " * 100]


def test_embeddings_are_those_of_the_text_alone_after_the_prompt_of_its_role(tiny_models: Path, tmp_path: Path) -> None:
    artifact = open_artifact(tiny_models, TINY)
    session, tokenizer = artifact.open_session(artifact.fp32()), artifact.tokenizer()
    for role, prompt in (("document", ""), ("query", artifact.manifest.prompts["query"])):
        rows = embed_fp32(artifact, TEXTS, role, tmp_path)  # type: ignore[arg-type]  # the names of the roles
        alone = [session.run([tokenizer.encode(prompt + text).ids], OUTPUT)[0] for text in TEXTS]
        assert rows.tobytes() == np.stack(alone).tobytes()


def test_what_was_embedded_is_read_again_and_other_texts_are_embedded(tiny_models: Path, tmp_path: Path) -> None:
    artifact = open_artifact(tiny_models, TINY)
    first = embed_fp32(artifact, TEXTS, "document", tmp_path)
    (kept,) = (tmp_path / "retrieval").iterdir()
    np.save(kept, first + 1)
    assert embed_fp32(artifact, TEXTS, "document", tmp_path).tobytes() == (first + 1).tobytes()
    assert embed_fp32(artifact, TEXTS[::-1], "document", tmp_path).tobytes() == first[::-1].tobytes()
    assert len(list((tmp_path / "retrieval").iterdir())) == 2
