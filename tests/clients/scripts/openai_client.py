"""openai's Python client, sync and async."""

import asyncio

from openai import AsyncOpenAI, OpenAI
from outcomes import tell

MODEL = "all-MiniLM-L6-v2"


def vectors(answer):
    """Return the vectors of an answer, in order."""
    assert [item.index for item in answer.data] == list(range(len(answer.data)))
    return [item.embedding for item in answer.data]


def offer(job):
    """Return the calls."""
    client = OpenAI(base_url=f"{job.url}/v1", api_key=job.key, max_retries=0)
    create = client.embeddings.create

    async def ten_at_once():
        async with AsyncOpenAI(base_url=f"{job.url}/v1", api_key=job.key, max_retries=0) as other:
            answers = await asyncio.gather(*(other.embeddings.create(model=MODEL, input=job.texts) for _ in range(10)))
        return [vectors(answer) for answer in answers]

    def as_many_as_allowed():
        found = vectors(create(model=MODEL, input=[job.texts[0], *["more"] * 2046, job.texts[1]]))
        return len(found), [found[0], found[-1]]

    return {
        "one": lambda: vectors(create(model=MODEL, input=job.texts[0])),
        "all": lambda: vectors(create(model=MODEL, input=job.texts)),
        "ten at once": lambda: asyncio.run(ten_at_once()),
        "as floats": lambda: vectors(create(model=MODEL, input=job.texts, encoding_format="float")),
        "as base64": lambda: vectors(create(model=MODEL, input=job.texts, encoding_format="base64")),
        "cut to 128": lambda: vectors(create(model=MODEL, input=job.texts, dimensions=128)),
        "by an alias": lambda: vectors(create(model="sentence-transformers/all-MiniLM-L6-v2", input=job.texts)),
        "with fields of others": lambda: vectors(
            create(model=MODEL, input=job.texts, user="me", extra_body={"input_type": "query"})
        ),
        "whole": lambda: create(model=MODEL, input=job.texts).model_dump(exclude={"data"}),
        "headers": lambda: dict(client.embeddings.with_raw_response.create(model=MODEL, input=job.texts).headers),
        "as many as allowed": as_many_as_allowed,
        "one more than allowed": lambda: vectors(create(model=MODEL, input=["more"] * 2049)),
        "no text": lambda: vectors(create(model=MODEL, input=[], encoding_format="float")),
        "an empty text": lambda: vectors(create(model=MODEL, input="")),
        "an unknown model": lambda: vectors(create(model="text-embedding-3-small", input=job.texts)),
        "0 dimensions": lambda: vectors(create(model=MODEL, input=job.texts, dimensions=0)),
        "385 dimensions": lambda: vectors(create(model=MODEL, input=job.texts, dimensions=385)),
        "token ids": lambda: vectors(create(model=MODEL, input=[9906, 1917])),
        "lists of token ids": lambda: vectors(create(model=MODEL, input=[[9906, 1917], [9906]])),
        "models": lambda: [model.model_dump() for model in client.models.list()],
        "model": lambda: client.models.retrieve(MODEL).model_dump(),
        "a model by an alias": lambda: client.models.retrieve("sentence-transformers/all-MiniLM-L6-v2").model_dump(),
        "no such model": lambda: client.models.retrieve("text-embedding-3-small").model_dump(),
    }


tell(offer)
