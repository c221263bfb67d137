"""The servers of `bench door`: vecd with keys and limits, vecd without, and an application of one answer."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from msgspec.structs import replace

from bench.environments import quiet_environment
from bench.errors import BenchError
from bench.figures.door import GUARDED, OPEN, RAW
from bench.servers.vecd import vecd_spec
from bench.traffic.messages import bearer
from bench.traffic.target import ServerSpec

CACHE = ("--cache-bytes", str(16 << 20))
# Far above what any machine serves: every request is checked against its key's limits, and none is refused.
LIMITS = ("--requests-per-minute", str(10**9), "--tokens-per-minute", str(10**9))
KEY = re.compile(r"vecd_[\w-]+")


def open_spec(options: argparse.Namespace, folder: Path) -> ServerSpec:
    """Return vecd without keys and limits; the folder holds no keys."""
    spec = vecd_spec(options, flags=[*CACHE, "--keys", str(folder / "none.json")])
    return replace(spec, name=OPEN)


def guarded_spec(options: argparse.Namespace, folder: Path) -> ServerSpec:
    """Return vecd with limits, and with one key in the folder, which its requests carry.

    Raises:
        BenchError: no key could be issued.
    """
    keys = folder / "keys.json"
    spec = vecd_spec(options, flags=[*CACHE, "--keys", str(keys), *LIMITS])
    return replace(spec, name=GUARDED, headers=bearer(issue_key(keys)))


def raw_spec(answer: Path) -> ServerSpec:
    """Return an application that answers with the content of the file, on uvicorn as it runs under vecd."""
    command = [sys.executable, "-m", "bench.servers.ceiling", "--port", "{port}", "--answer", str(answer)]
    return ServerSpec(name=RAW, command=command, dialect="native", model="")


def issue_key(keys: Path, name: str = "bench", scopes: str = "embed") -> str:
    """Make a key as a user does, and return it.

    Raises:
        BenchError: no key was printed; the message holds the last line of the output.
    """
    command = [sys.executable, "-m", "server", "keys", "add", name, "--scopes", scopes, "--keys", str(keys)]
    done = subprocess.run(  # noqa: S603 - our own words
        command, capture_output=True, text=True, check=False, env=quiet_environment()
    )
    found = KEY.search(done.stdout)
    if found is None:
        lines = (done.stdout + done.stderr).strip().splitlines() or ["it printed nothing"]
        message = f"`python -m server keys add` issued no key: {lines[-1]}"
        raise BenchError(message)
    return found[0]
