"""sentence-transformers behind FastAPI on gunicorn: the model in one dirty worker, HTTP in ASGI workers.

POST /embed {"texts": [...]} gives {"embeddings": [[...]]}. MODEL_DIR names the sentence-transformers folder.
"""

import os

from fastapi import FastAPI
from gunicorn.dirty import DirtyApp, get_dirty_client
from pydantic import BaseModel

MODEL_APP = "gunicorn_st:EmbeddingApp"


class EmbedRequest(BaseModel):
    texts: list[str]


class EmbedResponse(BaseModel):
    embeddings: list[list[float]]


class EmbeddingApp(DirtyApp):
    """Lives in the dirty worker and holds the model."""

    def init(self) -> None:
        """Load the model; torch is imported here, so that only this worker pays for it."""
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - after the fork

        self.model = SentenceTransformer(os.environ["MODEL_DIR"], device="cpu")

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Return unit-norm embeddings."""
        return self.model.encode(texts, normalize_embeddings=True).tolist()


app = FastAPI()


# A plain function: FastAPI runs it in its thread pool, where the blocking client keeps one connection a thread.
@app.post("/embed")
def embed(request: EmbedRequest) -> EmbedResponse:
    return EmbedResponse(embeddings=get_dirty_client().execute(MODEL_APP, "embed", request.texts))
