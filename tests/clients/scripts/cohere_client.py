"""cohere's ClientV2, sync and async."""

import asyncio

from cohere import AsyncClientV2, ClientV2
from outcomes import tell

MODEL = "all-MiniLM-L6-v2"
TYPES = ["float", "int8", "uint8", "binary", "ubinary", "base64"]


def offer(job):
    """Return the calls."""
    client = ClientV2(job.key, base_url=job.url, max_retries=0)

    def embed(texts, model=MODEL, **options):
        return client.embed(texts=texts, model=model, input_type="search_document", **options)

    def floats(texts, **options):
        return embed(texts, **options).embeddings.float_

    async def ten_at_once():
        other = AsyncClientV2(job.key, base_url=job.url, max_retries=0)
        asked = {"texts": job.texts, "model": MODEL, "input_type": "search_query", "embedding_types": ["float"]}
        answers = await asyncio.gather(*(other.embed(**asked) for _ in range(10)))
        return [answer.embeddings.float_ for answer in answers]

    return {
        "one": lambda: floats(job.texts[:1]),
        "all": lambda: floats(job.texts),
        "ten at once": lambda: asyncio.run(ten_at_once()),
        "of every type": lambda: embed(job.texts, embedding_types=TYPES).embeddings.model_dump(by_alias=True),
        "int8 alone": lambda: embed(job.texts, embedding_types=["int8"]).embeddings.model_dump(by_alias=True),
        "whole": lambda: embed(job.texts).model_dump(exclude={"embeddings"}),
        "cut to 128": lambda: floats(job.texts, output_dimension=128),
        "the end is kept": lambda: floats(job.texts, truncate="START"),
        "the start is kept": lambda: floats(job.texts, truncate="END"),
        "nothing may be cut": lambda: floats(job.texts, truncate="NONE"),
        "96 texts": lambda: len(floats(["one of many"] * 96)),
        "97 texts": lambda: len(floats(["one of many"] * 97)),
        "no text": lambda: floats([]),
        "an unknown model": lambda: floats(job.texts, model="embed-v4.0"),
        "385 dimensions": lambda: floats(job.texts, output_dimension=385),
        "an unknown type": lambda: floats(job.texts, embedding_types=["float16"]),
    }


tell(offer)
