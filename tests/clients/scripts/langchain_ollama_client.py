"""langchain-ollama's embeddings."""

import asyncio

from langchain_ollama import OllamaEmbeddings
from outcomes import tell


def offer(job):
    """Return the calls."""

    def embeddings(model="all-minilm", **options):
        headers = {"headers": {"Authorization": f"Bearer {job.key}"}}
        return OllamaEmbeddings(model=model, base_url=job.url, client_kwargs=headers, **options)

    return {
        "one": lambda: [embeddings().embed_query(job.texts[0])],
        "all": lambda: embeddings().embed_documents(job.texts),
        "async": lambda: asyncio.run(embeddings().aembed_documents(job.texts)),
        "cut to 128": lambda: embeddings(dimensions=128).embed_documents(job.texts),
        "after a look at the list": lambda: embeddings(validate_model_on_init=True).embed_documents(job.texts),
        "an unknown model": lambda: embeddings(model="nomic-embed-text").embed_documents(job.texts),
        "a model that is not in the list": lambda: embeddings(model="nomic-embed-text", validate_model_on_init=True),
    }


tell(offer)
