"""What people use in place of vecd, each as its users run it: how it is prepared, started and spoken to.

All serve the same checkpoint. What a contestant needs is installed or built on first use.
"""

import shutil
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
    onnx_folder,
    sentence_transformers_folder,
    st_onnx_folder,
    st_openvino_folder,
)
from bench.peers.pins import decisive_versions
from bench.peers.stock import prepare_stock
from bench.traffic.target import HOST, ServerSpec, vecd_command
from export import prepare_environment
from models import Manifest


class Contestant(msgspec.Struct, frozen=True):
    """A server of `bench peers`; `versions` are those that decide its speed and fidelity."""

    name: str
    about: str
    prepare: Callable[[Manifest], ServerSpec]
    versions: dict[str, str]


def uvicorn_peer(name: str, environment: str, app: str, variables: dict[str, str]) -> ServerSpec:
    """Return one of the applications in bench/peers/services under uvicorn, with its defaults."""
    python = prepare_environment(environment, SERVICES / f"{environment}.txt")
    command = [str(python), "-m", "uvicorn", app, "--host", HOST, "--port", "{port}", "--no-access-log"]
    return ServerSpec(name=name, command=command, dialect="native", model="", environment=variables, folder=SERVICES)


def gunicorn_st(manifest: Manifest) -> ServerSpec:
    """Return gunicorn with two HTTP workers and one model worker."""
    python = prepare_environment("gunicorn-st", SERVICES / "gunicorn-st.txt")
    command = [str(python), "-m", "gunicorn", "gunicorn_st:app", "--bind", HOST + ":{port}", "--no-control-socket"]
    command += ["--workers", "2", "--worker-class", "asgi", "--dirty-workers", "1", "--dirty-timeout", "60"]
    command += ["--dirty-app", "gunicorn_st:EmbeddingApp"]
    model = {"MODEL_DIR": str(sentence_transformers_folder(manifest))}
    return ServerSpec(
        name="gunicorn-st", command=command, dialect="native", model="", environment=model, folder=SERVICES
    )


def infinity(engine: str, folder: Path, model: str) -> ServerSpec:
    """Return infinity. Its optimum engine finds the graph only in the current directory."""
    python = prepare_environment("infinity", SERVICES / "infinity.txt")
    command = [str(python.with_name("infinity_emb")), "v2", "--model-id", ".", "--served-model-name", model]
    command += ["--engine", engine, "--pooling-method", "mean", "--device", "cpu", "--host", HOST, "--port", "{port}"]
    quiet = {"INFINITY_ANONYMOUS_USAGE_STATS": "0"}
    name = f"infinity-{engine}"
    return ServerSpec(name=name, command=command, dialect="infinity", model=model, environment=quiet, folder=folder)


def infinity_torch(manifest: Manifest) -> ServerSpec:
    return infinity("torch", sentence_transformers_folder(manifest), manifest.name)


def infinity_optimum(manifest: Manifest) -> ServerSpec:
    return infinity("optimum", prepare_stock(manifest).int8.parent, manifest.name)


def st_onnx(manifest: Manifest) -> ServerSpec:
    folder = str(st_onnx_folder(manifest))
    variables = {"BACKEND": "onnx", "MODEL_DIR": folder, "MODEL_FILE": ST_ONNX_FILE}
    return uvicorn_peer("st-onnx", "st-onnx", "st_backend:app", variables)


def st_openvino(manifest: Manifest) -> ServerSpec:
    folder = str(st_openvino_folder(manifest))
    variables = {"BACKEND": "openvino", "MODEL_DIR": folder, "MODEL_FILE": ST_OPENVINO_FILE}
    return uvicorn_peer("st-openvino", "st-openvino", "st_backend:app", variables)


def fastembed(manifest: Manifest) -> ServerSpec:
    folder, dimensions = str(fastembed_folder(manifest)), str(manifest.dimensions)
    variables = {"MODEL_DIR": folder, "MODEL_FILE": ST_ONNX_FILE, "DIMENSIONS": dimensions}
    return uvicorn_peer("fastembed", "fastembed", "fastembed_service:app", variables)


def text_embeddings_inference(manifest: Manifest) -> ServerSpec:
    """Return text-embeddings-inference, where its binary is on the PATH; it is no package that could be installed.

    Raises:
        BenchError: it is not.
    """
    binary = shutil.which("text-embeddings-router")
    if binary is None:
        message = "text-embeddings-router is not on the PATH"
        raise BenchError(message)
    model = str(onnx_folder(manifest))
    command = [binary, "--model-id", model, "--hostname", HOST, "--port", "{port}"]
    return ServerSpec(name="text-embeddings-inference", command=command, dialect="openai", model=manifest.name)


def vecd(models: Path, provider: str) -> Callable[[Manifest], ServerSpec]:
    """Return vecd with its defaults; every text is distinct, so its cache never answers."""

    def prepare(manifest: Manifest) -> ServerSpec:
        command = vecd_command(models, manifest.name, provider)
        return ServerSpec(name="vecd", command=command, dialect="native", model=manifest.name)

    return prepare


def contestants(models: Path, provider: str) -> list[Contestant]:
    """Return vecd and all its peers."""
    pins = {file.stem: decisive_versions(file) for file in SERVICES.glob("*.txt")}
    on_path: dict[str, str] = {}  # the versions of a binary on the PATH are not known
    gunicorn = "gunicorn dirty workers, FastAPI, sentence-transformers (torch, fp32)"
    onnx = "FastAPI, sentence-transformers, ONNX backend (dynamic int8)"
    openvino = "FastAPI, sentence-transformers, OpenVINO backend (static int8)"
    tei = "text-embeddings-inference, its own binary, ONNX Runtime (fp32)"
    return [
        Contestant("vecd", "vecd, int8", vecd(models, provider), describe_versions()),
        Contestant("gunicorn-st", gunicorn, gunicorn_st, pins["gunicorn-st"]),
        Contestant("infinity-torch", "infinity, torch engine (fp32)", infinity_torch, pins["infinity"]),
        Contestant("infinity-optimum", "infinity, optimum engine (dynamic int8)", infinity_optimum, pins["infinity"]),
        Contestant("st-onnx", onnx, st_onnx, pins["st-onnx"]),
        Contestant("st-openvino", openvino, st_openvino, pins["st-openvino"]),
        Contestant("fastembed", "FastAPI, fastembed (dynamic int8)", fastembed, pins["fastembed"]),
        Contestant("text-embeddings-inference", tei, text_embeddings_inference, on_path),
    ]
