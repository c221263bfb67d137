"""Embeddings by the artifact's fp32 graph, kept under .bench/ by the hash of the graph and of the texts."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from bench.artifacts import OUTPUT, Artifact, Rows
from bench.environments import FOLDER
from bench.progress import open_bar
from export import hash_parts
from models import Role, prompt_for
from server.engine.scheduling import granted_cores


def embed_fp32(artifact: Artifact, texts: Sequence[str], role: Role, folder: Path = FOLDER) -> Rows:
    """Return the embeddings (texts, ndim), of each text alone, after the prompt of this role if there is one.

    Texts are cut where the model cuts them. Runs of one thread are made side by side, one for each core.

    Raises:
        ArtifactError: a file of the artifact is damaged.
        BenchError: the artifact has no fp32 graph.
    """
    prompt = prompt_for(artifact.manifest.prompts, role)
    prompted = [artifact.manifest.prompts[prompt] + text for text in texts] if prompt is not None else list(texts)
    kept = folder / "retrieval" / f"{_key(artifact, prompted)}.npy"
    if kept.is_file():
        rows: Rows = np.load(kept)
        return rows
    rows = _embed(artifact, prompted, role)
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_name(f".{kept.name}.{os.getpid()}")
    with partial.open("wb") as file:
        np.save(file, rows)
    partial.replace(kept)
    return rows


def _key(artifact: Artifact, texts: Sequence[str]) -> str:
    """Return one hash of the texts and of what turns them into embeddings."""
    manifest = artifact.manifest
    files = [manifest.files[name].sha256.encode() for name in (artifact.fp32().file, manifest.tokenizer)]
    return hash_parts(*files, str(manifest.max_tokens).encode(), *(text.encode() for text in texts))


def _embed(artifact: Artifact, texts: Sequence[str], role: Role) -> Rows:
    tokenizer, session = artifact.tokenizer(), artifact.open_session(artifact.fp32())

    def embed(text: str) -> Rows:
        return session.run([tokenizer.encode(text).ids], OUTPUT)[0]

    rows = []
    with ThreadPoolExecutor(granted_cores()) as pool, open_bar(f"fp32, {role}", len(texts), "texts") as bar:
        for row in pool.map(embed, texts):
            rows.append(row)
            bar.update()
    return np.stack(rows)
