"""langchain-openai's embeddings: with texts, as this server wants them, and with token ids, as they come by default."""

import asyncio

import tiktoken
from langchain_openai import OpenAIEmbeddings
from outcomes import tell

MODEL = "all-MiniLM-L6-v2"
# In place of what tiktoken would download: each byte is a token, so ids are of a vocabulary that is not the model's.
BYTES = tiktoken.Encoding(
    "cl100k_base", pat_str=r".+", mergeable_ranks={bytes([i]): i for i in range(256)}, special_tokens={}
)


def offer(job):
    """Return the calls."""

    def embeddings(**options):
        return OpenAIEmbeddings(model=MODEL, base_url=f"{job.url}/v1", api_key=job.key, max_retries=0, **options)

    texts = embeddings(check_embedding_ctx_length=False)
    return {
        "one": lambda: [texts.embed_query(job.texts[0])],
        "all": lambda: texts.embed_documents(job.texts),
        "two at a time": lambda: texts.embed_documents(job.texts, chunk_size=2),
        "async": lambda: asyncio.run(texts.aembed_documents(job.texts)),
        "cut to 128": lambda: embeddings(check_embedding_ctx_length=False, dimensions=128).embed_documents(job.texts),
        "by default": lambda: embeddings().embed_documents(job.texts),
    }


tiktoken.registry.ENCODINGS["cl100k_base"] = BYTES
tell(offer)
