"""Python environments made once, for what needs torch or an old library and so stays out of vecd's own environment.

In: a name and a file of pinned versions. Out: that environment's python. A marker is written last and holds a hash of
the versions; it tells a complete environment from one that was interrupted or whose versions have changed.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from export.errors import ExportError

FOLDER = Path(__file__).resolve().parent.parent / ".bench"
OPTIMUM = Path(__file__).parent / "constraints-optimum.txt"
MARKER = ".complete"
TIMEOUT_S = 3600

Run = Callable[[Sequence[str], Mapping[str, str] | None], None]


def run_command(words: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Run a command with these environment variables, or with this process's own.

    Raises:
        ExportError: it failed or took more than TIMEOUT_S; the message holds the last line it wrote.
    """
    name = " ".join(words[:4])
    try:
        subprocess.run(words, check=True, capture_output=True, text=True, env=environment, timeout=TIMEOUT_S)  # noqa: S603 - our own words
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout).strip().splitlines() or ["it said nothing"]
        message = f"`{name} …` failed with status {error.returncode}: {said[-1]}"
        raise ExportError(message) from error
    except subprocess.TimeoutExpired as error:
        message = f"`{name} …` took more than {TIMEOUT_S} s"
        raise ExportError(message) from error


def bare_environment(folder: Path = FOLDER) -> dict[str, str]:
    """Return environment variables that keep libraries from fetching and reporting, and none of the caller's own."""
    return {
        "DO_NOT_TRACK": "1",
        "HF_HOME": str(folder / "huggingface"),
        "HF_HUB_OFFLINE": "1",
        "ORT_DISABLE_TELEMETRY": "1",
        "PATH": "/usr/bin:/bin",
    }


def prepare_environment(name: str, versions: Path, folder: Path = FOLDER, run: Run = run_command) -> Path:
    """Return the python of the environment `name` with these versions; make the environment if it is not there.

    Raises:
        ExportError: it cannot be made.
    """
    environment = folder / name
    python = environment / "bin" / "python"
    key = environment_key(versions)
    if is_complete(environment, key):
        return python
    line = f"vecd: installing {versions.name} into {environment}, once; it takes some minutes"
    tqdm.write(line, file=sys.stderr)
    shutil.rmtree(environment, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(environment)], None)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]
    run([*pip, str(versions)], None)
    mark_complete(environment, key)
    return python


def prepare_optimum(folder: Path = FOLDER, run: Run = run_command) -> Path:
    """Return the python of the environment that holds optimum, transformers and torch.

    Raises:
        ExportError: it cannot be made.
    """
    return prepare_environment("optimum", OPTIMUM, folder, run)


def environment_key(versions: Path) -> str:
    """Return the marker's content for these versions and this Python."""
    return hash_parts(versions.read_bytes(), platform.python_version().encode())


def hash_parts(*parts: bytes) -> str:
    """Return one sha256 of all parts; the same bytes divided in another way give another hash."""
    digests = [hashlib.sha256(part).digest() for part in parts]
    return hashlib.sha256(b"".join(digests)).hexdigest()


def is_complete(made: Path, key: str) -> bool:
    """Tell whether the folder's marker says that it was completed for this key."""
    try:
        return (made / MARKER).read_text("ascii") == key
    except (OSError, UnicodeDecodeError):
        return False


def mark_complete(made: Path, key: str) -> None:
    """Write the marker of a folder in which everything is in place."""
    partial = made / f"{MARKER}.partial"
    partial.write_text(key, "ascii")
    partial.replace(made / MARKER)
