"""The environment of chromadb: it brings an ONNX Runtime of its own, which must not come into vecd's."""

import json
import subprocess
from pathlib import Path
from typing import Any

from export import prepare_environment
from tests.clients.environments import closed_environment

HERE = Path(__file__).parent
TIMEOUT_S = 280


def chroma_python() -> Path:
    """Return its Python, after making the environment where need be."""
    return prepare_environment("index-chroma", HERE / "chromadb.txt")


def ask_chroma(documents: list[dict[str, Any]], filters: list[dict[str, Any]], home: Path) -> list[Any]:
    """Return the numbers of the documents that match each filter, or the error's text."""
    request = json.dumps({"documents": [metadata or None for metadata in documents], "filters": filters})
    done = subprocess.run(
        [str(chroma_python()), str(HERE / "script.py")],
        input=request,
        capture_output=True,
        encoding="utf-8",
        env=closed_environment(home),
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers
