"""What people use instead of vecd, each as its users run it: how it is made, started and spoken to.

All serve the same checkpoint. A contestant is an entry; what it needs to be installed or built is done on first use.
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.errors import BenchError
from bench.machine import describe_versions
from bench.peers.checkpoints import (
    SERVICES,
    ST_ONNX_FILE,
    ST_OPENVINO_FILE,
    fastembed_folder,
    sentence_transformers_folder,
    st_onnx_folder,
    st_openvino_folder,
)
from bench.peers.pins import decisive_versions
from bench.peers.stock import prepare_stock
from bench.servers.running import HOST, ServerSpec
from export import prepare_environment
from models import Manifest
from server import MEMORY


class Contestant(msgspec.Struct, frozen=True):
    """A name, what it is, how to get it ready to start, and the versions that decide what it does."""

    name: str
    about: str
    prepare: Callable[[Manifest], ServerSpec]
    versions: dict[str, str]


def uvicorn_peer(name: str, environment: str, app: str, variables: dict[str, str]) -> ServerSpec:
    """Return one of our services of bench/services under uvicorn, with its defaults."""
    python = prepare_environment(environment, SERVICES / f"{environment}.txt")
    command = [str(python), "-m", "uvicorn", app, "--host", HOST, "--port", "{port}", "--no-access-log"]
    return ServerSpec(name=name, command=command, dialect="native", model="", environment=variables, folder=SERVICES)


def gunicorn_st(manifest: Manifest) -> ServerSpec:
    """Two HTTP workers and one model worker."""
    python = prepare_environment("gunicorn-st", SERVICES / "gunicorn-st.txt")
    command = [str(python), "-m", "gunicorn", "gunicorn_st:app", "--bind", HOST + ":{port}", "--no-control-socket"]
    command += ["--workers", "2", "--worker-class", "asgi", "--dirty-workers", "1", "--dirty-timeout", "60"]
    command += ["--dirty-app", "gunicorn_st:EmbeddingApp"]
    model = {"MODEL_DIR": str(sentence_transformers_folder(manifest))}
    return ServerSpec(
        name="gunicorn-st", command=command, dialect="native", model="", environment=model, folder=SERVICES
    )


def infinity(engine: str, folder: Path, model: str) -> ServerSpec:
    """Infinity's own command line. Its optimum engine finds the graph only in the current directory."""
    python = prepare_environment("infinity", SERVICES / "infinity.txt")
    command = [str(python.with_name("infinity_emb")), "v2", "--model-id", ".", "--served-model-name", model]
    command += ["--engine", engine, "--pooling-method", "mean", "--device", "cpu", "--host", HOST, "--port", "{port}"]
    quiet = {"INFINITY_ANONYMOUS_USAGE_STATS": "0"}
    name = f"infinity-{engine}"
    return ServerSpec(name=name, command=command, dialect="infinity", model=model, environment=quiet, folder=folder)


def st_onnx(manifest: Manifest) -> ServerSpec:
    """sentence-transformers on ONNX Runtime, dynamic int8."""
    folder = str(st_onnx_folder(manifest))
    variables = {"BACKEND": "onnx", "MODEL_DIR": folder, "MODEL_FILE": ST_ONNX_FILE}
    return uvicorn_peer("st-onnx", "st-onnx", "st_backend:app", variables)


def st_openvino(manifest: Manifest) -> ServerSpec:
    """sentence-transformers on OpenVINO, static int8."""
    folder = str(st_openvino_folder(manifest))
    variables = {"BACKEND": "openvino", "MODEL_DIR": folder, "MODEL_FILE": ST_OPENVINO_FILE}
    return uvicorn_peer("st-openvino", "st-openvino", "st_backend:app", variables)


def fastembed(manifest: Manifest) -> ServerSpec:
    """Fastembed on a local folder, dynamic int8."""
    folder, dimensions = str(fastembed_folder(manifest)), str(manifest.dimensions)
    variables = {"MODEL_DIR": folder, "MODEL_FILE": ST_ONNX_FILE, "DIMENSIONS": dimensions}
    return uvicorn_peer("fastembed", "fastembed", "fastembed_service:app", variables)


def text_embeddings_inference(manifest: Manifest) -> ServerSpec:
    """text-embeddings-inference, where its binary is on the PATH."""
    binary = shutil.which("text-embeddings-router")
    if binary is None:
        message = "text-embeddings-router is not on the PATH"
        raise BenchError(message)
    command = [
        binary,
        "--model-id",
        str(sentence_transformers_folder(manifest)),
        "--hostname",
        HOST,
        "--port",
        "{port}",
    ]
    return ServerSpec(name="text-embeddings-inference", command=command, dialect="openai", model=manifest.name)


def vecd(models: Path, provider: str) -> Callable[[Manifest], ServerSpec]:
    """Vecd with its defaults; every text is distinct, so its cache never answers."""

    def prepare(manifest: Manifest) -> ServerSpec:
        command = [sys.executable, "-m", "server", "--port", "{port}", "--models", str(models)]
        command += ["--model", manifest.name, "--provider", provider, "--data", str(MEMORY)]
        return ServerSpec(name="vecd", command=command, dialect="native", model=manifest.name)

    return prepare


def contestants(models: Path, provider: str) -> list[Contestant]:
    """Return vecd and all its peers."""
    pins = {file.stem: decisive_versions(file) for file in SERVICES.glob("*.txt")}
    return [
        Contestant("vecd", "vecd, int8", vecd(models, provider), describe_versions()),
        Contestant(
            "gunicorn-st",
            "gunicorn dirty workers, FastAPI, sentence-transformers (torch, fp32)",
            gunicorn_st,
            pins["gunicorn-st"],
        ),
        Contestant(
            "infinity-torch",
            "infinity, torch engine (fp32)",
            lambda manifest: infinity("torch", sentence_transformers_folder(manifest), manifest.name),
            pins["infinity"],
        ),
        Contestant(
            "infinity-optimum",
            "infinity, optimum engine (dynamic int8)",
            lambda manifest: infinity("optimum", prepare_stock(manifest).int8.parent, manifest.name),
            pins["infinity"],
        ),
        Contestant("st-onnx", "FastAPI, sentence-transformers, ONNX backend (dynamic int8)", st_onnx, pins["st-onnx"]),
        Contestant(
            "st-openvino",
            "FastAPI, sentence-transformers, OpenVINO backend (static int8)",
            st_openvino,
            pins["st-openvino"],
        ),
        Contestant("fastembed", "FastAPI, fastembed (dynamic int8)", fastembed, pins["fastembed"]),
        Contestant(
            "text-embeddings-inference",
            "text-embeddings-inference, its own binary",
            text_embeddings_inference,
            {},  # whatever is on the PATH
        ),
    ]
