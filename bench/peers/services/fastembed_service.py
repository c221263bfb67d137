"""fastembed behind FastAPI and uvicorn, on a local folder.

POST /embed {"texts": [...]} gives {"embeddings": [[...]]}. MODEL_DIR is the folder, MODEL_FILE the graph in it.
"""

import os

from fastapi import FastAPI
from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType
from pydantic import BaseModel

NAME = "local/model"


class EmbedRequest(BaseModel):
    texts: list[str]


class EmbedResponse(BaseModel):
    embeddings: list[list[float]]


app = FastAPI()
TextEmbedding.add_custom_model(
    model=NAME,
    pooling=PoolingType.MEAN,
    normalization=True,
    sources=ModelSource(hf=NAME),  # must be given, is never asked: specific_model_path decides
    dim=int(os.environ["DIMENSIONS"]),
    model_file=os.environ["MODEL_FILE"],
)
model = TextEmbedding(NAME, specific_model_path=os.environ["MODEL_DIR"])


# A plain function: FastAPI runs it in its thread pool, so that a running model does not hold up the event loop.
@app.post("/embed")
def embed(request: EmbedRequest) -> EmbedResponse:
    return EmbedResponse(embeddings=[row.tolist() for row in model.embed(request.texts)])
