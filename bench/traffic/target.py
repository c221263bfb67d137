"""A server under load: how it is started and spoken to, and where it answers."""

import ssl
import sys
from collections.abc import Mapping, Sequence, Set
from pathlib import Path

import msgspec

from server.settings import MEMORY

HOST = "127.0.0.1"


class ServerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How to start a server and how to speak to it. `headers` go with every request for embeddings.

    `{port}` in the command stands for the port. The server runs on these cores alone, if any are named,
    and is spoken to over `tls`, if that is given.
    """

    name: str
    command: Sequence[str]
    dialect: str
    model: str
    environment: dict[str, str] = {}
    folder: Path | None = None
    headers: Mapping[str, str] = {}
    cores: Set[int] | None = None
    tls: ssl.SSLContext | None = None


class Running(msgspec.Struct, frozen=True):
    """A server that answers; `cold_start_s` is from the start of its process to its first embedding."""

    spec: ServerSpec
    port: int
    pid: int | None
    cold_start_s: float


def vecd_command(models: Path, model: str, provider: str, module: Sequence[str] = ("server",)) -> list[str]:
    """Return the command line of vecd on `{port}`, with its documents in memory; a later flag overrides one here."""
    words = [sys.executable, "-m", *module, "--port", "{port}", "--models", str(models)]
    return [*words, "--model", model, "--provider", provider, "--data", str(MEMORY)]
