"""ollama's Python client, sync and async."""

import asyncio

from ollama import AsyncClient, Client
from outcomes import tell

MODEL = "all-minilm"


def offer(job):
    """Return the calls."""
    headers = {"Authorization": f"Bearer {job.key}"}
    client = Client(job.url, headers=headers)

    def embed(texts, model=MODEL, **options):
        return client.embed(model=model, input=texts, **options).embeddings

    async def ten_at_once():
        other = AsyncClient(job.url, headers=headers)
        answers = await asyncio.gather(*(other.embed(model=MODEL, input=job.texts) for _ in range(10)))
        return [answer.embeddings for answer in answers]

    return {
        "one": lambda: embed(job.texts[0]),
        "all": lambda: embed(job.texts),
        "ten at once": lambda: asyncio.run(ten_at_once()),
        "by the served name": lambda: embed(job.texts, model="all-MiniLM-L6-v2"),
        "by a tag": lambda: embed(job.texts, model="all-minilm:latest"),
        "with options": lambda: embed(job.texts, options={"num_ctx": 512}, keep_alive="5m", truncate=True),
        "cut to 128": lambda: embed(job.texts, dimensions=128),
        "the old way": lambda: [client.embeddings(model=MODEL, prompt=text).embedding for text in job.texts],
        "whole": lambda: client.embed(model=MODEL, input=job.texts).model_dump(exclude={"embeddings"}),
        "no text": lambda: list(embed([])),
        "nothing may be cut": lambda: embed(job.texts, truncate=False),
        "385 dimensions": lambda: embed(job.texts, dimensions=385),
        "an unknown model": lambda: embed(job.texts, model="nomic-embed-text"),
        "the old way, an unknown model": lambda: client.embeddings(model="nomic-embed-text", prompt="x").embedding,
        "list": lambda: client.list().model_dump(mode="json")["models"],
        "show": lambda: client.show(MODEL).model_dump(mode="json"),
        "show an unknown model": lambda: client.show("nomic-embed-text").model_dump(mode="json"),
        "ps": lambda: client.ps().model_dump(mode="json")["models"],
    }


tell(offer)
