"""llama-index's embeddings from text-embeddings-inference. It never looks at an answer's status."""

import asyncio

from llama_index.embeddings.text_embeddings_inference import TextEmbeddingsInference
from outcomes import tell


def offer(job):
    """Return the calls."""

    def embeddings(**options):
        name = "sentence-transformers/all-MiniLM-L6-v2"
        return TextEmbeddingsInference(model_name=name, base_url=f"{job.url}/tei", auth_token=job.key, **options)

    return {
        "one": lambda: [embeddings().get_query_embedding(job.texts[0])],
        "all": lambda: embeddings().get_text_embedding_batch(job.texts),
        "two at a time": lambda: embeddings(embed_batch_size=2).get_text_embedding_batch(job.texts),
        "one by one": lambda: [embeddings().get_text_embedding(text) for text in job.texts],
        "async": lambda: asyncio.run(embeddings().aget_text_embedding_batch(job.texts)),
        "nothing may be cut": lambda: embeddings(truncate_text=False).get_text_embedding(job.texts[-1]),
    }


tell(offer)
