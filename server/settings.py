"""Every setting of the daemon: one frozen struct, filled from flags, VECD_ variables and defaults, in that order.

A setting is declared once, here; its flag, its variable and its help follow from the field.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from models import ARTIFACTS
from server.errors import SettingsError

PREFIX = "VECD_"
ROOT = Path(__file__).resolve().parent.parent

KIB = 1024
MIB = 1024 * KIB


def _about(text: str, ge: int | None = None, le: int | None = None) -> msgspec.Meta:
    return msgspec.Meta(description=text, ge=ge, le=le)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How the daemon runs. Sizes are bytes, times seconds; the limits suit a small machine."""

    # Where it listens, and for whom.
    host: Annotated[str, _about("address to listen on")] = "127.0.0.1"
    port: Annotated[int, _about("port to listen on; 0 takes a free one", ge=0, le=65535)] = 8000
    uds: Annotated[str, _about("Unix socket to listen on, instead of an address; empty for none")] = ""
    metrics_host: Annotated[str, _about("address of a second port, for /metrics and /health alone")] = "127.0.0.1"
    metrics_port: Annotated[int, _about("that port, where no key is needed; 0 for none", ge=0, le=65535)] = 0
    tls_certificate: Annotated[str, _about("file of the certificate chain (PEM); empty for plain HTTP")] = ""
    tls_key: Annotated[str, _about("file of its private key (PEM)")] = ""
    keys: Annotated[Path, _about("file of the keys that clients need; without the file, none")] = ROOT / "keys.json"
    insecure: Annotated[bool, _about("serve beyond this machine without keys")] = False
    allowed_hosts: Annotated[str, _about("names in the Host header to answer to without keys; comma between")] = ""
    trusted_proxies: Annotated[str, _about("addresses, networks whose X-Forwarded-For counts; comma between")] = ""
    cors_origins: Annotated[str, _about("origins whose pages may call; comma between")] = ""
    # The model and what runs it.
    models: Annotated[Path, _about("folder of the exported models")] = ARTIFACTS
    model: Annotated[str, _about("name of the model to serve, a folder in --models")] = "all-MiniLM-L6-v2"
    model_alias: Annotated[str, _about("more names that clients may call it by; comma between")] = ""
    data: Annotated[Path, _about("folder of the documents; :memory: keeps none")] = ROOT / "data"
    provider: Annotated[Literal["auto", "cpu", "cuda"], _about("execution provider of ONNX Runtime")] = "auto"
    cores: Annotated[int, _about("runs side by side; 0 takes what the cgroup grants", ge=0, le=1024)] = 0
    max_tokens_per_run: Annotated[int, _about("tokens that one run may hold; 0 suits the provider", ge=0)] = 0
    cache_bytes: Annotated[int, _about("memory of the embedding cache; 0 turns it off", ge=0)] = 128 * MIB
    # What a request may ask for.
    auto_truncate: Annotated[bool, _about("cut texts that are too long, unless a request says otherwise")] = True
    accept_token_ids: Annotated[bool, _about("take token ids of this model's vocabulary in place of texts")] = False
    max_client_batch_size: Annotated[int, _about("texts in one request", ge=1)] = 2048
    max_text_bytes: Annotated[int, _about("UTF-8 bytes of one text", ge=1)] = MIB
    max_body_bytes: Annotated[int, _about("bytes of a request's body", ge=1024)] = 32 * MIB
    max_bodies_bytes: Annotated[int, _about("bytes of the bodies of all requests in work", ge=1024)] = 512 * MIB
    max_header_bytes: Annotated[int, _about("bytes of a request's headers", ge=1024)] = 32 * KIB
    max_headers: Annotated[int, _about("headers of a request", ge=8)] = 100
    max_url_bytes: Annotated[int, _about("bytes of a request's path and query", ge=256)] = 8 * KIB
    # How much at once, and how fast.
    max_queue_tokens: Annotated[int, _about("tokens that may wait for a run", ge=512)] = 2_000_000
    max_concurrent_requests: Annotated[int, _about("requests in work at once", ge=1)] = 1024
    max_connections: Annotated[int, _about("connections open at once", ge=1)] = 4096
    requests_per_minute: Annotated[int, _about("for each key, or address without keys; 0 for no limit", ge=0)] = 0
    tokens_per_minute: Annotated[int, _about("the same, in the model's tokens; 0 for no limit", ge=0)] = 0
    # How long.
    request_timeout_ms: Annotated[int, _about("work that has not begun by then is not begun any more", ge=1)] = 30_000
    header_timeout_s: Annotated[int, _about("time to send a request's headers", ge=1)] = 10
    body_timeout_s: Annotated[int, _about("time to send a request's body", ge=1)] = 60
    send_timeout_s: Annotated[int, _about("time in which a client must take some of its answer", ge=1)] = 60
    keep_alive_s: Annotated[int, _about("time that a connection may be idle between requests", ge=1)] = 75
    run_timeout_s: Annotated[int, _about("a run that takes longer hangs, and the process ends", ge=1)] = 60
    drain_delay_s: Annotated[int, _about("time to go on serving after SIGTERM while not ready any more", ge=0)] = 0
    shutdown_timeout_s: Annotated[int, _about("time for requests in flight after that", ge=1)] = 30
    # What is told.
    log_level: Annotated[Literal["debug", "info", "warning", "error"], _about("least level that is logged")] = "info"
    log_format: Annotated[Literal["text", "json"], _about("lines for people, or JSON for machines")] = "text"
    access_log: Annotated[bool, _about("log a line for each request")] = False


def listed(value: str) -> list[str]:
    """Return the parts of a setting that may have several, with commas between."""
    return [part for one in value.split(",") if (part := one.strip())]


def read_settings(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that a command line and an environment ask for.

    Raises:
        SettingsError: an unknown VECD_ variable, or a value of the wrong type or out of range.
    """
    environment = os.environ if environment is None else environment
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    given: dict[str, tuple[str, str]] = {}
    for variable, value in environment.items():
        if variable.startswith(PREFIX):
            name = variable.removeprefix(PREFIX).lower()
            if name not in fields or variable != PREFIX + name.upper():
                known = ", ".join(PREFIX + field.upper() for field in fields)
                message = f"{variable} is not a setting of vecd; it knows {known}{_hint(variable)}"
                raise SettingsError(message)
            given[name] = (variable, value)
    for name, value in vars(_parser().parse_args(arguments)).items():
        given[name] = (_flag(name), value)
    values: dict[str, Any] = {name: _convert(*given[name], fields[name].type) for name in given}
    return Settings(**values)


def _convert(label: str, value: str, kind: Any) -> object:
    try:
        return msgspec.convert(value, kind, strict=False, dec_hook=lambda target, text: target(text))
    except msgspec.ValidationError as error:
        message = f"{label}={value!r}: {error}"
        raise SettingsError(message) from error


def _hint(variable: str) -> str:
    """Kubernetes gives every pod variables named after its Services; one that is named vecd collides with ours."""
    links = variable.endswith(("_SERVICE_HOST", "_SERVICE_PORT", "_TCP", "_TCP_ADDR", "_TCP_PORT", "_TCP_PROTO"))
    return ". In Kubernetes, set enableServiceLinks: false on the pod" if links else ""


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m server",
        description="Serve sentence embeddings over HTTP.",
        epilog=f"Every flag is also a variable: --max-body-bytes is {PREFIX}MAX_BODY_BYTES. Flags win.",
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    for field in msgspec.structs.fields(Settings):
        about = next(meta for meta in field.type.__metadata__ if isinstance(meta, msgspec.Meta))
        kind = field.type.__origin__
        words = "|".join(kind.__args__) if hasattr(kind, "__args__") else field.name.rsplit("_", maxsplit=1)[-1].upper()
        default = "none" if field.default == "" else field.default
        help_text = f"{about.description} (default: {default})"
        if kind is bool:
            parser.add_argument(_flag(field.name), nargs="?", const="true", metavar="true|false", help=help_text)
        else:
            parser.add_argument(_flag(field.name), metavar=words, help=help_text)
    return parser
