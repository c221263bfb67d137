"""Disks of a few megabytes, one to fill up and one that fails, whose mounting takes root; files that cannot grow."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A mounted folder, and a file that takes up what is left of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, spare_bytes: int = 0) -> None:
        """Leave so much room and no more."""
        piece = bytes(4096)
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while file.write(piece) == len(piece):
                    pass
            except OSError:
                pass
            file.truncate(max(0, file.tell() - spare_bytes))

    def make_room(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def remount(self, option: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{option}", str(self.folder)], check=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk of this size until the block ends; skip the test where that is not allowed."""
    folder.mkdir()
    run_or_skip("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class FailingDisk:
    """A file system in a file, which can be told that its disk has failed: it is read-only from then on."""

    def __init__(self, image: Path, folder: Path) -> None:
        self._image = image
        self.folder = folder

    def fail(self) -> None:
        subprocess.run(["mount", "-o", "remount,abort", str(self.folder)], check=True)

    def mount_again(self) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)
        subprocess.run(["mount", "-o", "loop", str(self._image), str(self.folder)], check=True)


@contextmanager
def failing_disk(folder: Path, megabytes: int = 32) -> Iterator[FailingDisk]:
    """Make and mount one until the block ends; skip the test where that is not allowed."""
    image, mounted = folder / "image", folder / "mounted"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    run_or_skip("mkfs.ext4", "-q", str(image))
    run_or_skip("mount", "-o", "loop", str(image), str(mounted))
    try:
        yield FailingDisk(image, mounted)
    finally:
        subprocess.run(["umount", "--lazy", str(mounted)], check=True)


def run_or_skip(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip(f"needs the command {command[0]}")
    if done.returncode:
        pytest.skip(f"needs root to make and mount a small disk: {done.stderr.strip()}")


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond this size until the block ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
