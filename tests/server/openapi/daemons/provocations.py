"""Requests that provoke every status that can be had from outside, with words in them that nobody may repeat.

What a client sends as text, or as a key, is never told to anybody: not in a log, not in the body of an error. A name or
a number that is wrong may be quoted to the client alone; a path, in the log too.
"""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from server.access.keys import KeyRing
from server.console.page import load_console
from server.openapi.limits import FILTER
from server.openapi.page import load_documentation
from server.routes import DIALECTS
from tests.server.openapi.document import MAX_BODY_BYTES, MAX_TEXT_BYTES, MAX_TEXTS
from tests.tiny import TINY

TEXT, NAME, KEY, PLACE = "canarytext", "canaryname", "canarykey", "canaryplace"
# A document that is there, and a collection with another model's vectors.
KEPT, FOREIGN = "kept", "foreign"
COLLECTION = "/collections/{name}"
JSON = "application/json"
DOCUMENTATION = load_documentation(KeyRing(Path("/no/such/keys.json")), None, None)
# A file of each page, by what the addresses of its files begin with.
ASSETS = {"/docs/": next(iter(DOCUMENTATION.page.assets)), "/console/": next(iter(load_console().assets))}
NUMBERS = itertools.count()
# Fields with what is embedded; every other string is a name of something.
# Fields that may be objects: what is not known in them is told by its name.
VALUES = {"name": NAME, "ttl_s": 1_000, "offset": 0, "per_group": 1}
OBJECTS = {"passages", "snippet", "mmr"}
TEXTS = {"texts", "a", "b", "input", "inputs", "source_sentence", "sentences", "user", "text", "query"}


class Provocation(msgspec.Struct, frozen=True, kw_only=True):
    """One request for an operation; `body` is sent as it is."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = {}


class Subject:
    """One operation of a document, and requests for it."""

    def __init__(self, document: dict[str, Any], path: str, method: str) -> None:
        self.document = document
        self.template, self.method = path, method.upper()
        self.operation: dict[str, Any] = document["paths"][path][method]
        content = self.operation.get("requestBody", {}).get("content", {})
        self.schema: dict[str, Any] | None = content[JSON]["schema"] if content else None

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def in_collection(self) -> bool:
        return self.template.startswith(f"{COLLECTION}/")

    @property
    def id_required(self) -> bool:
        return any(one["in"] == "query" and one["required"] for one in self.operation.get("parameters", []))

    @property
    def embeds(self) -> bool:
        return "x-truncated-inputs" in self.operation["responses"].get("200", {}).get("headers", {})

    def tells(self, status: int) -> bool:
        """Tell whether the dialect itself answers so, and not the door alone."""
        native = self.operation["tags"] == [DIALECTS[-1].name]
        content = self.operation["responses"][str(status)].get("content", {})
        return JSON in content or (native and bool(content))

    def path(self) -> str:
        """Return a path that is there."""
        name = "default" if self.template.startswith(COLLECTION) else TINY
        asset = next((one for begin, one in ASSETS.items() if self.template.startswith(begin)), "")
        path = self.template.replace("{digest}/{name}", asset).replace("{name}", name)
        return path.replace("{id}", KEPT) + (f"?id={KEPT}" if self.id_required else "")

    def nowhere(self) -> str:
        """Return a path that is not there: of the same template, if it has a place for something unknown."""
        return re.sub(r"\{\w+\}", PLACE, self.template) if "{" in self.template else f"{self.template}/{PLACE}"

    def request(self, text: str = TEXT, **headers: str) -> Provocation:
        """Return a request that is right; each has a text of its own, so that none comes from the cache."""
        body = None
        if self.schema is not None:
            body = json.dumps(sample(self.schema, self.document, f"{text} {next(NUMBERS)}")).encode()
        sent = {"content-type": JSON} if body else {}
        return Provocation(method=self.method, path=self.path(), body=body, headers=sent | headers)

    def wrong(self) -> Iterator[Provocation]:
        """Give requests that are refused."""
        right = self.request()
        yield self.request(authorization=f"Bearer vecd_{KEY}_{KEY}")
        yield self.request(authorization=f"Basic {KEY}")
        yield self.request(accept=f"{NAME}/{NAME}")
        yield self.request(**{"x-request-timeout-ms": NAME})
        yield msgspec.structs.replace(right, method="DELETE")
        for path in self._wrong_paths():
            yield msgspec.structs.replace(right, path=path)
        if right.body is not None:
            yield from self._wrong_bodies(right)

    def _wrong_paths(self) -> Iterator[str]:
        path = self.path()
        if self.name != f"PUT {COLLECTION}":  # whose wrong path would be a new collection
            yield self.nowhere()
        yield f"{path}{'&' if '?' in path else '?'}truncate={NAME}&limit={NAME}&{NAME}={NAME}"
        if self.template.startswith(COLLECTION):
            yield path.replace("default", PLACE.upper())
        if self.in_collection and not self.template.endswith("/reindex"):
            yield path.replace("default", FOREIGN)
        if self.template.endswith("{id}"):
            yield path.removesuffix(KEPT)
        if self.template.endswith("/index") and self.method != "POST":
            yield from (f"{path.partition('?')[0]}?id={wrong}" for wrong in (PLACE, "", f"{KEPT}&id={NAME}"))

    def _wrong_bodies(self, right: Provocation) -> Iterator[Provocation]:
        assert right.body is not None
        fields: dict[str, Any] = json.loads(right.body)
        bodies = [right.body[:-1], right.body[:-3] + b"\xff" + right.body[-3:], b"", f'"{TEXT}"'.encode()]
        bodies += [f'[{{"{TEXT}": "{TEXT}"}}]'.encode(), b"[" * 50_000, b"\xff\xfe" + TEXT.encode("utf-16-le")]
        bodies += [json.dumps(one).encode()[: MAX_BODY_BYTES // 2] for one in wrong_fields(fields)]
        bodies.append(json.dumps({**fields, "padding": TEXT * (MAX_BODY_BYTES // len(TEXT))}).encode())
        for body in bodies:
            yield msgspec.structs.replace(right, body=body)
        for headers in (
            {"content-type": f"text/plain; {NAME}={NAME}"},
            {"content-type": f"{JSON}; charset={NAME}"},
            {"content-type": JSON, "content-encoding": NAME},
        ):
            yield msgspec.structs.replace(right, headers=headers)


def wrong_fields(fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give objects of which one field is wrong, or a field of an object in a list."""
    for name, value in fields.items():
        key = NAME if name in OBJECTS else TEXT
        for spoiled in ({key: TEXT}, [[[TEXT]]], [""], -1, "", hollow(value), spoil(value, key)):
            yield fields | {name: spoiled}
        if name in TEXTS and isinstance(value, str | list):
            for long in (TEXT * MAX_TEXT_BYTES, [TEXT * (MAX_TEXT_BYTES // 8)], [TEXT] * (MAX_TEXTS + 1)):
                yield fields | {name: long}
        if isinstance(value, list) and isinstance(value[0], dict):
            yield from (fields | {name: [inner]} for inner in wrong_fields(value[0]))
        yield fields | {"model": NAME, NAME: NAME}
    if "filter" in fields:
        for filter_ in ({NAME: [TEXT]}, {NAME: {"$in": TEXT}}, {NAME: {"$gt": [TEXT]}}, {f"${NAME}": TEXT}, {}):
            yield fields | {"filter": filter_} | ({"ids": None} if "ids" in fields else {})
    if "like" in fields:
        yield fields | {"query": None, "like": PLACE}
        yield fields | {"query": None, "vector": [1.0]}


def hollow(value: Any) -> Any:
    """Return an empty list, or a mapping in which every list is empty."""
    if not isinstance(value, dict):
        return []
    return {name: [] if isinstance(one, list) else one for name, one in value.items()}


def spoil(value: Any, name: str = TEXT) -> Any:
    """Return a value in which every text is another type; in a filter that makes an operator of the name."""
    if isinstance(value, list):
        return [spoil(one, name) for one in value]
    if isinstance(value, dict):
        return {field: spoil(one, NAME if field in {"filter", NAME} else name) for field, one in value.items()}
    return {name: value}


def sample(schema: dict[str, Any], document: dict[str, Any], text: str) -> Any:
    """Return a value that fits a schema, with a text wherever there can be one."""
    if schema.get("$ref") == FILTER or "pattern" in schema:
        return KEPT if "pattern" in schema else {NAME: text}
    if "$ref" in schema:
        return sample(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document, text)
    if "anyOf" in schema:
        return schema.get("default") or sample(schema["anyOf"][0], document, text)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind in {"object", "array"}:
        properties = schema.get("properties", {NAME: {"type": "string"}}).items()
        fields = {name: sample(one, document, text) for name, one in properties}
        fields |= {name: value for name, value in VALUES.items() if name in fields}
        if "text" in fields:  # with a vector that would not be embedded
            fields = {name: value for name, value in fields.items() if name not in {"vector", "expires_at"}}
        return fields if kind == "object" else [sample(schema["items"], document, text)]
    return {
        "integer": schema.get("maximum", 8),
        "boolean": True,
        "number": schema.get("minimum", -1.0),
        "null": None,
    }.get(str(kind), text)


def subjects(document: dict[str, Any]) -> list[Subject]:
    """Return every operation of a document."""
    return [Subject(document, path, method) for path, item in document["paths"].items() for method in item]
