"""The pinned versions of the packages that decide how fast and how true a peer is."""

from pathlib import Path

DECISIVE = (
    "bm25s",
    "fastapi",
    "fastembed",
    "gunicorn",
    "infinity-emb",
    "nncf",
    "onnxruntime",
    "openvino",
    "optimum",
    "optimum-intel",
    "optimum-onnx",
    "pystemmer",
    "sentence-transformers",
    "tokenizers",
    "torch",
    "transformers",
    "uvicorn",
)


def decisive_versions(pins: Path) -> dict[str, str]:
    """Return the versions of DECISIVE packages in a file of lines `name==version` and comments."""
    lines = (line.partition("#")[0].strip() for line in pins.read_text("utf-8").splitlines())
    pinned = {name.lower().replace("_", "-"): version for name, _, version in (line.partition("==") for line in lines)}
    return {name: pinned[name] for name in DECISIVE if name in pinned}
