"""Requests that provoke every status that can be had from outside, with words in them that nobody may repeat.

What a client sends as text, or as a key, is never told to anybody: not in a log, not in the body of an error. A name or
a number that is wrong may be quoted to the client alone; a path, in the log too.
"""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from server.app import DIALECTS
from server.routes.docs import load_documentation
from tests.openapi.fuzzed import MAX_BODY_BYTES, MAX_TEXT_BYTES, MAX_TEXTS
from tests.tiny import TINY

TEXT, NAME, KEY, PLACE = "canarytext", "canaryname", "canarykey", "canaryplace"
JSON = "application/json"
ASSETS = load_documentation(None, None).assets
NUMBERS = itertools.count()
# Fields with what is embedded; every other string is a name of something.
TEXTS = {"texts", "a", "b", "input", "inputs", "source_sentence", "sentences", "user"}


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
    def embeds(self) -> bool:
        return "x-truncated-inputs" in self.operation["responses"].get("200", {}).get("headers", {})

    def tells(self, status: int) -> bool:
        """Tell whether the dialect itself answers so, and not the door alone."""
        native = self.operation["tags"] == [DIALECTS[-1].name]
        content = self.operation["responses"][str(status)].get("content", {})
        return JSON in content or (native and bool(content))

    def path(self) -> str:
        """Return a path that is there."""
        return self.template.replace("{digest}/{name}", next(iter(ASSETS))).replace("{name}", TINY)

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
        yield msgspec.structs.replace(right, path=self.nowhere())
        yield msgspec.structs.replace(right, path=f"{self.path()}?truncate={NAME}&{NAME}={NAME}")
        if right.body is not None:
            yield from self._wrong_bodies(right)

    def _wrong_bodies(self, right: Provocation) -> Iterator[Provocation]:
        assert right.body is not None
        fields: dict[str, Any] = json.loads(right.body)
        bodies = [right.body[:-1], right.body[:-3] + b"\xff" + right.body[-3:], b"", f'"{TEXT}"'.encode()]
        bodies += [f'[{{"{TEXT}": "{TEXT}"}}]'.encode(), b"[" * 50_000, b"\xff\xfe" + TEXT.encode("utf-16-le")]
        for name, value in fields.items():
            for spoiled in ({TEXT: TEXT}, [[[TEXT]]], -1, "", hollow(value), spoil(value)):
                bodies.append(json.dumps(fields | {name: spoiled}).encode())
            if name in TEXTS and isinstance(value, str | list):
                bodies.append(json.dumps(fields | {name: TEXT * MAX_TEXT_BYTES}).encode()[: MAX_BODY_BYTES // 2])
                bodies.append(json.dumps(fields | {name: [TEXT * (MAX_TEXT_BYTES // 8)]}).encode())
                bodies.append(json.dumps(fields | {name: [TEXT] * (MAX_TEXTS + 1)}).encode())
            bodies.append(json.dumps(fields | {"model": NAME, NAME: NAME}).encode())
        bodies.append(json.dumps({**fields, "padding": TEXT * (MAX_BODY_BYTES // len(TEXT))}).encode())
        for body in bodies:
            yield msgspec.structs.replace(right, body=body)
        for headers in (
            {"content-type": f"text/plain; {NAME}={NAME}"},
            {"content-type": f"{JSON}; charset={NAME}"},
            {"content-type": JSON, "content-encoding": NAME},
        ):
            yield msgspec.structs.replace(right, headers=headers)


def hollow(value: Any) -> Any:
    """Return an empty list, or a mapping in which every list is empty."""
    if not isinstance(value, dict):
        return []
    return {name: [] if isinstance(one, list) else one for name, one in value.items()}


def spoil(value: Any) -> Any:
    """Return a value in which every text is another type."""
    if isinstance(value, list):
        return [spoil(one) for one in value]
    return {name: spoil(one) for name, one in value.items()} if isinstance(value, dict) else {TEXT: value}


def sample(schema: dict[str, Any], document: dict[str, Any], text: str) -> Any:
    """Return a value that fits a schema, with a text wherever there can be one."""
    if "$ref" in schema:
        return sample(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document, text)
    if "anyOf" in schema:
        return schema.get("default") or sample(schema["anyOf"][0], document, text)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind in {"object", "array"}:
        properties = schema.get("properties", {}).items()
        fields = {name: NAME if name == "name" else sample(one, document, text) for name, one in properties}
        return fields if kind == "object" else [sample(schema["items"], document, text)]
    return {"integer": schema.get("maximum", 8), "boolean": True}.get(str(kind), text)


def subjects(document: dict[str, Any]) -> list[Subject]:
    """Return every operation of a document."""
    return [Subject(document, path, method) for path, item in document["paths"].items() for method in item]
