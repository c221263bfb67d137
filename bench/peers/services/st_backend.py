"""sentence-transformers behind FastAPI and uvicorn, on its ONNX or its OpenVINO backend.

POST /embed {"texts": [...]} gives {"embeddings": [[...]]}. BACKEND is onnx or openvino, MODEL_DIR the folder that the
export wrote, MODEL_FILE the graph in it.
"""

import os
from contextlib import nullcontext
from threading import Lock

from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer

BACKEND = os.environ["BACKEND"]


class EmbedRequest(BaseModel):
    texts: list[str]


class EmbedResponse(BaseModel):
    embeddings: list[list[float]]


app = FastAPI()
provider = {"provider": "CPUExecutionProvider"} if BACKEND == "onnx" else {}
files = {"file_name": os.environ["MODEL_FILE"]}
model = SentenceTransformer(os.environ["MODEL_DIR"], device="cpu", backend=BACKEND, model_kwargs=provider | files)
# OpenVINO's model has one infer request: a second thread in it is told that it is busy.
turn = Lock() if BACKEND == "openvino" else nullcontext()


# A plain function: FastAPI runs it in its thread pool, so that a running model does not hold up the event loop.
@app.post("/embed")
def embed(request: EmbedRequest) -> EmbedResponse:
    with turn:
        rows = model.encode(request.texts, normalize_embeddings=True)
    return EmbedResponse(embeddings=rows.tolist())
