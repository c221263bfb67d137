"""Makes folders whose names are on the disk when the call returns, so that a power cut takes nothing with them."""

from pathlib import Path

from index.errors import StorageFullError
from index.snapshots import synchronize


def make_durable(folder: Path) -> None:
    """Have a folder, and those above it. Raises StorageFullError."""
    try:
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for path in missing:
            synchronize(path.parent)
    except OSError as error:
        raise StorageFullError(f"the folder {folder} cannot be made: {error.strerror}") from error
