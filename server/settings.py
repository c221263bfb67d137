"""Every setting of the daemon: one frozen struct, filled from flags, VECD_ variables and defaults, in that order.

A setting is declared once, here; its flag, its variable, its help and docs/settings.md follow from the field. Values
are checked when the struct is made, before anything is loaded.
"""

import argparse
import ipaddress
import os
import re
import types
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from models import ARTIFACTS
from server.contract.errors import SettingsError
from server.version import VERSION

PREFIX = "VECD_"
ROOT = Path(__file__).resolve().parent.parent
# Given in place of the data folder: documents are kept in memory only.
MEMORY = Path(":memory:")

KIB = 1024
MIB = 1024 * KIB

# The name of a Unix socket's peer, which has no address, among the trusted proxies.
UNIX = "unix"
# As browsers send it (RFC 6454, section 6.2): a scheme and a host, in lower case, and an optional port.
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\sA-Z]+")


def _about(group: str, text: str, ge: float | None = None, le: float | None = None) -> msgspec.Meta:
    return msgspec.Meta(title=group, description=text, ge=ge, le=le)


_listen = partial(_about, "Where it listens, and for whom")
_model = partial(_about, "The model and the documents")
_limit = partial(_about, "What a request may ask for")
_load = partial(_about, "How much at once, and how fast")
_time = partial(_about, "How long")
_log = partial(_about, "What is logged")
_Names = tuple[str, ...]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How the daemon runs. Sizes are bytes, times seconds; the limits suit a small machine.

    Raises:
        SettingsError: two settings contradict each other, or a name, address or origin is not valid.
    """

    host: Annotated[str, _listen("address to listen on")] = "127.0.0.1"
    port: Annotated[int, _listen("port to listen on; 0 takes a free one", ge=0, le=65535)] = 8000
    uds: Annotated[str, _listen("Unix socket to listen on, instead of an address; empty for none")] = ""
    metrics_host: Annotated[str, _listen("address of a second port, for /metrics and /health only")] = "127.0.0.1"
    metrics_port: Annotated[int, _listen("that port, where no key is needed; 0 for none", ge=0, le=65535)] = 0
    tls_certificate: Annotated[str, _listen("file of the certificate chain (PEM); empty for plain HTTP")] = ""
    tls_key: Annotated[str, _listen("file of its private key (PEM)")] = ""
    keys: Annotated[Path, _listen("file of the keys that clients need; without the file, none")] = ROOT / "keys.json"
    insecure: Annotated[bool, _listen("serve beyond this machine without keys")] = False
    allowed_hosts: Annotated[
        _Names, _listen("accepted names in the Host header without keys, separated by commas")
    ] = ()
    trusted_proxies: Annotated[
        _Names, _listen("addresses and networks whose X-Forwarded-For is trusted, separated by commas")
    ] = ()
    cors_origins: Annotated[_Names, _listen("origins whose pages may call, separated by commas")] = ()
    models: Annotated[Path, _model("folder of the exported models")] = ARTIFACTS
    model: Annotated[str, _model("name of the model to serve, a folder in --models")] = "all-MiniLM-L6-v2"
    model_alias: Annotated[_Names, _model("more names that clients may call it by, separated by commas")] = ()
    data: Annotated[Path, _model("folder of the documents; :memory: keeps none")] = ROOT / "data"
    search_threshold: Annotated[
        float, _model("least cosine of a hit in the collection default, until it has its own; -1 for none", ge=-1, le=1)
    ] = 0.5
    index_recall: Annotated[float, _model("share of the 10 nearest that searches must find", ge=0.5, le=0.999)] = 0.98
    provider: Annotated[Literal["auto", "cpu", "cuda"], _model("execution provider of ONNX Runtime")] = "auto"
    attention: Annotated[
        Literal["auto", "f32", "bf16", "tiles"], _model("fused operators' attention; auto suits the processor")
    ] = "auto"
    cores: Annotated[int, _model("runs side by side; 0 takes what the cgroup grants", ge=0, le=1024)] = 0
    max_tokens_per_run: Annotated[int, _model("tokens that one run may hold; 0 suits the provider", ge=0)] = 0
    cache_bytes: Annotated[int, _model("memory of the embedding cache; 0 turns it off", ge=0)] = 128 * MIB
    auto_truncate: Annotated[bool, _limit("cut texts that are too long, unless a request says otherwise")] = True
    accept_token_ids: Annotated[bool, _limit("take token ids of this model's vocabulary in place of texts")] = False
    max_client_batch_size: Annotated[int, _limit("texts in one request", ge=1)] = 2048
    max_text_bytes: Annotated[int, _limit("UTF-8 bytes of one text", ge=1)] = MIB
    max_body_bytes: Annotated[int, _limit("bytes of a request's body", ge=1024)] = 32 * MIB
    max_bodies_bytes: Annotated[
        int, _limit("bytes of the bodies of all requests in progress, and of answers not read yet", ge=1024)
    ] = 512 * MIB
    max_header_bytes: Annotated[int, _limit("bytes of a request's headers", ge=1024)] = 32 * KIB
    max_headers: Annotated[int, _limit("headers of a request", ge=8)] = 100
    max_url_bytes: Annotated[int, _limit("bytes of a request's path and query", ge=256)] = 8 * KIB
    max_queue_tokens: Annotated[int, _load("tokens that may wait for a run", ge=512)] = 2_000_000
    max_concurrent_requests: Annotated[int, _load("requests in progress at once", ge=1)] = 1024
    lone_text_ms: Annotated[int, _load("longest text computed without a worker if it comes alone", ge=0, le=100)] = 4
    max_connections: Annotated[
        int, _load("connections open at once; fewer where the process may not open so many files", ge=1)
    ] = 4096
    max_connections_per_address: Annotated[
        int,
        _load(
            "of these, from one address (IPv6: one /64) that is no trusted proxy; 0 for a quarter, and no bound for "
            "this machine",
            ge=0,
        ),
    ] = 0
    requests_per_minute: Annotated[int, _load("for each key, or address without keys; 0 for no limit", ge=0)] = 0
    tokens_per_minute: Annotated[int, _load("the same, in the model's tokens; 0 for no limit", ge=0)] = 0
    request_timeout_ms: Annotated[int, _time("work that has not begun by then is dropped", ge=1)] = 30_000
    header_timeout_s: Annotated[int, _time("time to send a request's headers, and for a TLS handshake", ge=1)] = 10
    body_timeout_s: Annotated[int, _time("time to send a request's body", ge=1)] = 60
    send_timeout_s: Annotated[int, _time("time in which a client must take some of its answer", ge=1)] = 60
    keep_alive_s: Annotated[int, _time("time that a connection may be idle between requests", ge=1)] = 75
    run_timeout_s: Annotated[int, _time("a run that takes longer counts as hung, and the process ends", ge=1)] = 60
    drain_delay_s: Annotated[int, _time("time to go on serving after SIGTERM, while not ready", ge=0)] = 0
    shutdown_timeout_s: Annotated[int, _time("time for requests in flight after that", ge=1)] = 30
    log_level: Annotated[Literal["debug", "info", "warning", "error"], _log("least level that is logged")] = "info"
    log_format: Annotated[Literal["text", "json"], _log("lines for people, or JSON for machines")] = "text"
    access_log: Annotated[bool, _log("log a line for each request")] = False

    def __post_init__(self) -> None:
        if self.tls_key and not self.tls_certificate:
            raise SettingsError("--tls-key needs --tls-certificate")
        if self.metrics_port and self.metrics_port == self.port and not self.uds:
            message = f"--port and --metrics-port are both {self.port}; requests are told apart by their port"
            raise SettingsError(message)
        for origin in self.cors_origins:
            if origin != "*" and not ORIGIN.fullmatch(origin):
                message = (
                    f"--cors-origins: {origin!r} is not an origin, such as https://app.example or http://localhost:3000"
                )
                raise SettingsError(message)
        for proxy in self.trusted_proxies:
            _check_proxy(proxy)


def _check_proxy(proxy: str) -> None:
    try:
        if proxy != UNIX:
            ipaddress.ip_network(proxy)
    except ValueError as error:
        message = f"--trusted-proxies: {error}"
        raise SettingsError(message) from error


class Field(msgspec.Struct, frozen=True):
    """A setting as it is declared: `kind` is its type without bounds, `annotated` with them, `about` its help."""

    name: str
    kind: Any
    annotated: Any
    default: Any
    group: str
    about: str

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def choices(self) -> tuple[str, ...]:
        return get_args(self.kind) if get_origin(self.kind) is Literal else ()


def declared_settings() -> list[Field]:
    """Return every setting in order, group by group."""
    found = []
    for one in msgspec.structs.fields(Settings):
        meta = next(meta for meta in one.type.__metadata__ if isinstance(meta, msgspec.Meta))
        kind = one.type.__origin__
        found.append(Field(one.name, kind, one.type, one.default, str(meta.title), str(meta.description)))
    return found


def read_settings(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that a command line and an environment ask for; `--help` and `--version` end the process.

    Raises:
        SettingsError: an unknown VECD_ variable, or a value of the wrong type or out of range.
    """
    environment = os.environ if environment is None else environment
    fields = {field.name: field for field in declared_settings()}
    given: dict[str, tuple[str, str]] = {}
    for variable, value in environment.items():
        if variable.startswith(PREFIX):
            name = variable.removeprefix(PREFIX).lower()
            if name not in fields or variable != fields[name].variable:
                known = ", ".join(field.variable for field in fields.values())
                message = f"{variable} is not a setting of vecd; it knows {known}{_hint(variable)}"
                raise SettingsError(message)
            given[name] = (variable, value)
    for name, value in vars(_parser(list(fields.values())).parse_args(arguments)).items():
        given[name] = (fields[name].flag, value)
    values: dict[str, Any] = {name: _convert(*given[name], fields[name]) for name in given}
    return Settings(**values)


def _convert(label: str, value: str, field: Field) -> object:
    if field.choices and value not in field.choices:
        message = f"{label}={value!r} is not one of {', '.join(field.choices)}"
        raise SettingsError(message)
    if isinstance(field.kind, types.GenericAlias):
        return tuple(part for one in value.split(",") if (part := one.strip()))
    try:
        return msgspec.convert(value, field.annotated, strict=False, dec_hook=lambda target, text: target(text))
    except msgspec.ValidationError as error:
        message = f"{label}={value!r}: {error}"
        raise SettingsError(message) from error


def _hint(variable: str) -> str:
    """Return advice for Kubernetes, which gives pods variables named after Services: one named vecd collides."""
    links = variable.endswith(("_SERVICE_HOST", "_SERVICE_PORT", "_TCP", "_TCP_ADDR", "_TCP_PORT", "_TCP_PROTO"))
    return ". In Kubernetes, set enableServiceLinks: false on the pod" if links else ""


def _parser(fields: Sequence[Field]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m server",
        usage="%(prog)s [--SETTING VALUE ...]\n       %(prog)s keys add|list|rotate|revoke ...",
        description="Serve sentence embeddings and semantic search over HTTP. `python -m server keys` makes, lists, "
        "renews and revokes the keys that clients need.",
        epilog=f"Every flag is also a variable: --max-body-bytes is {PREFIX}MAX_BODY_BYTES. Flags win.",
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"vecd {VERSION}")
    groups = {group: parser.add_argument_group(group) for group in dict.fromkeys(field.group for field in fields)}
    for field in fields:
        words = "|".join(field.choices) or field.name.rsplit("_", maxsplit=1)[-1].upper()
        help_text = f"{field.about} (default: {shown_default(field)})"
        if field.kind is bool:
            groups[field.group].add_argument(field.flag, nargs="?", const="true", metavar="true|false", help=help_text)
        else:
            groups[field.group].add_argument(field.flag, metavar=words, help=help_text)
    return parser


def shown_default(field: Field) -> str:
    return "none" if field.default in {"", ()} else str(field.default)
