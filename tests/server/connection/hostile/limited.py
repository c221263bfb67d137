"""A daemon that may open only so many files."""

import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.running import RunningServer, clean_environment, started
from tests.tiny import TINY

LIMITED = """
import resource, runpy, sys
most = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
runpy.run_module("server", run_name="__main__", alter_sys=True)
"""


@contextmanager
def limited(models: Path, folder: Path, most: int, *flags: str) -> Iterator[RunningServer]:
    """Run a server that may have so many descriptors; `folder` gets its documents and its log."""
    arguments = ["--port", "0", "--models", str(models), "--model", TINY, "--cores", "1", *flags]
    with (folder / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", LIMITED, str(most), *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=clean_environment(VECD_DATA=str(folder / "data")),
        )
        with started(process) as running:
            yield running


def told(running: RunningServer) -> list[int]:
    """Return the open files, the connections and those of one address, as the server tells them at its start."""
    line = next(line for line in running.lines if line.startswith("limits"))
    found = re.search(r"([\d,]+) open files; ([\d,]+).* connections, ([\d,]+) from one address", line)
    assert found, line
    return [int(number.replace(",", "")) for number in found.groups()]


def need_descriptors(count: int) -> None:
    """Have this process open so many files; skip the test where it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count:
        pytest.skip("this process may open fewer files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))
