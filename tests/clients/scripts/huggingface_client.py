"""huggingface_hub's InferenceClient, sync and async, with an address as its model."""

import asyncio

from huggingface_hub import AsyncInferenceClient, InferenceClient
from outcomes import tell

MANY = 2049


def offer(job):
    """Return the calls."""
    client = InferenceClient(model=f"{job.url}/tei", token=job.key)
    embed = client.feature_extraction

    async def ten_at_once():
        async with AsyncInferenceClient(model=f"{job.url}/tei", token=job.key) as other:
            return await asyncio.gather(*(other.feature_extraction(job.texts) for _ in range(10)))

    return {
        "one": lambda: embed(job.texts[0]),
        "all": lambda: embed(job.texts),
        "ten at once": lambda: asyncio.run(ten_at_once()),
        "by an address that ends in a slash": lambda: embed(job.texts, model=f"{job.url}/tei/"),
        "by the address of the route": lambda: embed(job.texts, model=f"{job.url}/tei/embed"),
        "not normalized": lambda: embed(job.texts, normalize=False),
        "cut to 128": lambda: embed(job.texts, dimensions=128),
        "the end is kept": lambda: embed(job.texts, truncate=True, truncation_direction="left"),
        "the start is kept": lambda: embed(job.texts, truncate=True, truncation_direction="right"),
        "nothing may be cut": lambda: embed(job.texts, truncate=False),
        "similarity": lambda: client.sentence_similarity(job.texts[0], other_sentences=job.texts),
        "no text": lambda: embed([]),
        "an empty text": lambda: embed(""),
        "more than allowed": lambda: embed(["more"] * MANY),
        "385 dimensions": lambda: embed(job.texts, dimensions=385),
        "an unknown prompt": lambda: embed(job.texts, prompt_name="nonsense"),
        "similar to nothing": lambda: client.sentence_similarity(job.texts[0], other_sentences=[]),
    }


tell(offer)
