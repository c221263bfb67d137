"""langchain-huggingface's embeddings of an endpoint.

Since 1.2.2 an address is refused as its model; one gives it clients that have the address instead.
"""

import asyncio
from importlib.metadata import version

from huggingface_hub import AsyncInferenceClient, InferenceClient
from langchain_huggingface import HuggingFaceEndpointEmbeddings
from outcomes import tell

TAKES_ADDRESS = version("langchain-huggingface") == "1.2.1"


def offer(job):
    """Return the calls."""
    address = {"model": f"{job.url}/tei", "token": job.key}

    def embeddings(**options):
        if TAKES_ADDRESS:
            named = {"model": address["model"], "huggingfacehub_api_token": job.key}
            return HuggingFaceEndpointEmbeddings(**named, **options)
        made = HuggingFaceEndpointEmbeddings(model="sentence-transformers/all-MiniLM-L6-v2", **options)
        made.client, made.async_client = InferenceClient(**address), AsyncInferenceClient(**address)
        return made

    return {
        "one": lambda: [embeddings().embed_query(job.texts[0])],
        "all": lambda: embeddings().embed_documents(job.texts),
        "async": lambda: asyncio.run(embeddings().aembed_documents(job.texts)),
        "not normalized": lambda: embeddings(model_kwargs={"normalize": False}).embed_documents(job.texts),
        "nothing may be cut": lambda: embeddings(model_kwargs={"truncate": False}).embed_documents(job.texts),
        "an address as the model": lambda: HuggingFaceEndpointEmbeddings(model=address["model"]).model,
    }


tell(offer)
