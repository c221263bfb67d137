"""Python environments of peers, under .bench/: what needs torch or an old library never enters vecd's own.

In: a name and a file of pinned versions. Out: that environment's python. An environment is made once; a marker, written
last and keyed by the versions, tells a whole one from one whose making was cut off or whose versions have changed.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.progress import say

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".bench"
MARKER = ".complete"
TIMEOUT_S = 3600

# Nothing is reported to anybody, and nothing is fetched, while something is built or measured.
QUIET = {"DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1", "ORT_DISABLE_TELEMETRY": "1", "PYTHONUNBUFFERED": "1"}

Run = Callable[[Sequence[str], Mapping[str, str] | None], None]


def quiet_environment() -> dict[str, str]:
    """Return our environment with QUIET in it."""
    return os.environ | QUIET


def run_command(words: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Run a command to its end; without an environment, in ours.

    Raises:
        BenchError: it failed or took more than TIMEOUT_S; the message holds the last line it wrote.
    """
    name = " ".join(words[:4])
    try:
        subprocess.run(words, check=True, capture_output=True, text=True, env=environment, timeout=TIMEOUT_S)  # noqa: S603 - our own words
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout).strip().splitlines() or ["it said nothing"]
        message = f"`{name} …` failed with status {error.returncode}: {said[-1]}"
        raise BenchError(message) from error
    except subprocess.TimeoutExpired as error:
        message = f"`{name} …` took more than {TIMEOUT_S} s"
        raise BenchError(message) from error


def prepare_environment(name: str, versions: Path, folder: Path = FOLDER, run: Run = run_command) -> Path:
    """Return the python of the environment `name` that holds these versions, after making it where need be.

    Raises:
        BenchError: it cannot be made.
    """
    environment = folder / name
    python = environment / "bin" / "python"
    key = environment_key(versions)
    if is_complete(environment, key):
        return python
    say(f"installing {versions.name} into {environment}, once; it takes some minutes")
    shutil.rmtree(environment, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(environment)], None)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]
    run([*pip, str(versions)], None)
    mark_complete(environment, key)
    return python


def environment_key(versions: Path) -> str:
    """Return what an environment is good for: these versions, on this Python."""
    return hash_parts(versions.read_bytes(), platform.python_version().encode())


def hash_parts(*parts: bytes) -> str:
    """Return one sha256 over parts that cannot be mistaken for others with their borders elsewhere."""
    digests = [hashlib.sha256(part).digest() for part in parts]
    return hashlib.sha256(b"".join(digests)).hexdigest()


def is_complete(made: Path, key: str) -> bool:
    """Tell whether a folder was made to its end, for this key."""
    try:
        return (made / MARKER).read_text("ascii") == key
    except (OSError, UnicodeDecodeError):
        return False


def mark_complete(made: Path, key: str) -> None:
    """Say that everything in the folder is there."""
    partial = made / f"{MARKER}.partial"
    partial.write_text(key, "ascii")
    partial.replace(made / MARKER)
