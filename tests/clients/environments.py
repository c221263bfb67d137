"""The environments of the clients, made once under .bench/: pinned versions go in, the commands of scripts come out."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from export import (
    bare_environment,
    hash_parts,
    is_complete,
    mark_complete,
    prepare_environment,
    run_command,
)

HERE = Path(__file__).parent
# Resolved, since npm does not follow a link to the folder that it installs into.
BENCH = (HERE.parent.parent / ".bench").resolve()
# Nobody listens there, so that nothing beyond this machine is reached.
NOWHERE = "http://127.0.0.1:9"

Command = list[str]


def python_command(environment: str, script: str) -> Command:
    """Return what runs the script in the environment with the versions of `environment`.txt."""
    python = prepare_environment(f"clients-{environment}", HERE / f"{environment}.txt")
    return [str(python), str(HERE / "scripts" / script)]


def node_command(script: str) -> Command | None:
    """Return what runs the script under Node, beside what it imports; None where Node or npm is missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    made = BENCH / "clients-node"
    versions = [HERE / "node" / name for name in ("package.json", "package-lock.json")]
    key = hash_parts(*(file.read_bytes() for file in versions))
    if not is_complete(made, key):
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        for file in versions:
            shutil.copy(file, made / file.name)
        run_command([npm, "ci", "--prefix", str(made), "--ignore-scripts", "--no-audit", "--no-fund"], None)
        mark_complete(made, key)
    return [node, str(shutil.copy(HERE / "node" / script, made / script))]


# By the name of the client: what returns its command, after making its environment where need be. The Hub's client
# comes in the two versions that are in use: the frameworks' and the one that vecd has for itself.
PROGRAMS: dict[str, Callable[[], Command | None]] = {
    "openai": lambda: python_command("most", "openai_client.py"),
    "cohere": lambda: python_command("most", "cohere_client.py"),
    "ollama": lambda: python_command("most", "ollama_client.py"),
    "huggingface-hub-1": lambda: python_command("most", "huggingface_client.py"),
    "huggingface-hub-2": lambda: [sys.executable, str(HERE / "scripts" / "huggingface_client.py")],
    "langchain-openai": lambda: python_command("most", "langchain_openai_client.py"),
    "langchain-ollama": lambda: python_command("most", "langchain_ollama_client.py"),
    "langchain-huggingface": lambda: python_command("most", "langchain_huggingface_client.py"),
    "langchain-huggingface-1.2.1": lambda: python_command("langchain-huggingface", "langchain_huggingface_client.py"),
    "llama-index": lambda: python_command("most", "llama_index_client.py"),
    "openai-node": lambda: node_command("openai_client.mjs"),
}


def closed_environment(home: Path) -> dict[str, str]:
    """Return variables under which a client reports nothing, knows no key of its user's, reaches this machine alone."""
    # Told to be offline, the Hub's client would not talk to this machine either, so its Hub is where nobody listens.
    bare = {name: value for name, value in bare_environment().items() if name != "HF_HUB_OFFLINE"}
    outside = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_ENDPOINT"), NOWHERE)
    silent = {"HF_HUB_DISABLE_TELEMETRY": "1", "ANONYMIZED_TELEMETRY": "False", "LANGSMITH_TRACING": "false"}
    return bare | outside | silent | {"NO_PROXY": "127.0.0.1", "HOME": str(home), "PYTHONUTF8": "1"}
