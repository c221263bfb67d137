"""The OpenAPI document as a page to read: a section a dialect, a table of its routes, their fields, its errors.

In: a document of `describe`. Out: Markdown.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from server.names import LATEST
from server.openapi.limits import Schema

SENTENCE = re.compile(r"(?<=\.) ")


def to_markdown(document: Schema) -> str:
    """Return the page."""
    parts = [document["info"]["description"]]
    for tag in document["tags"]:
        operations = [
            (method.upper(), path, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if operation["tags"] == [tag["name"]] and method != "head"
        ]
        parts.append(f"## {tag['name']}\n\n{tag['description']}\n\n{_routes(operations)}")
        parts += [_operation(*one, document) for one in operations if "requestBody" in one[2]]
        parts.append(f"### Errors\n\n{_errors(operations, document)}")
    return "\n".join(parts)


def _routes(operations: list[tuple[str, str, Schema]]) -> str:
    lines = ["| route | what it does | key |", "| --- | --- | --- |"]
    for method, path, operation in operations:
        about = f"{operation['summary']}. {operation.get('description', '')}".strip()
        lines.append(f"| {method} {path} | {about} | {_key(operation)} |")
    return "\n".join([*lines, ""])


def _key(operation: Schema) -> str:
    scopes = [scope for one in operation["security"] for scope in one.get("key", [])]
    return ", ".join(scopes) if scopes else "any" if operation["security"] else ""


def _operation(method: str, path: str, operation: Schema, document: Schema) -> str:
    asked = operation["requestBody"]["content"]
    given = operation["responses"]["200"]
    parts = [f"### {method} {path}\n", f"{operation['summary']}. {operation.get('description', '')}".strip() + "\n"]
    parts += _fields("request", next(iter(asked.values()))["schema"], document)
    query = [one for one in operation["parameters"] if one["in"] != "header"]
    parts += [f"`?{one['name']}`: {_type(one['schema'])}. {one['description']}\n" for one in query]
    content = next(iter(given["content"].values()))
    parts += _fields("answer", content["schema"], document)
    for name, types in (("Bodies", asked), ("Answers", given["content"])):
        if len(types) > 1:
            parts.append(f"{name}: {', '.join(f'`{media}`' for media in types)}.\n")
    example = next(iter(asked.values())).get("example")
    if example is not None:
        parts.append(f"```\n{method} {path}\n{_json(example)}\n\n{_json(content['example'])}\n```\n")
    return "\n".join(parts)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _fields(title: str, schema: Schema, document: Schema) -> Iterator[str]:
    """Give a table for each struct that a schema leads to."""
    names = list(dict.fromkeys(_structs(schema, document)))
    if not names:
        yield f"The {title} is {_type(schema)}.\n"
    for name in names:
        struct = document["components"]["schemas"][name]
        lines = [f"| {title}: {_short(name)} | is | |", "| --- | --- | --- |"]
        for field, inner in struct["properties"].items():
            notes = [_about(inner)]
            if field not in struct.get("required", []):
                notes.append(f"left out: `{_json(inner['default'])}`" if "default" in inner else "may be left out")
            lines.append(f"| `{field}` | {_type(inner)} | {'; '.join(filter(None, notes))} |")
        yield f"{struct['description']}\n"
        yield "\n".join([*lines, ""])


def _about(schema: Schema) -> str:
    """Return what is said of a field; what is said of a text is in its type."""
    inner = [schema, *schema.get("anyOf", [])]
    return next((one["description"] for one in inner if "description" in one and "maxLength" not in one), "")


def _structs(schema: Any, document: Schema) -> Iterator[str]:
    if isinstance(schema, list):
        for one in schema:
            yield from _structs(one, document)
    elif isinstance(schema, dict):
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            yield name
            yield from _structs(document["components"]["schemas"][name]["properties"], document)
        yield from _structs([value for value in schema.values() if isinstance(value, dict | list)], document)


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _type(schema: Schema) -> str:
    """Say in a few words what a value is."""
    if "$ref" in schema:
        return _short(schema["$ref"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "enum" in schema:
        names = [one for one in schema["enum"] if not str(one).endswith(LATEST)]
        also = [f"these with `{LATEST}`"] if len(names) < len(schema["enum"]) else []
        return " or ".join([*(f"`{_json(one)}`" for one in names), *also])
    kind, most = schema.get("type", "anything"), schema.get("maxItems") or schema.get("maximum")
    bound = f" (at most {most:,})" if most else ""
    if kind == "array":
        inner = _type(schema["items"])
        return f"list{bound} of {inner if ' or ' not in inner else f'({inner})'}"
    if "maxLength" in schema:
        least = "1 to " if schema.get("minLength") else "at most "
        return f"string ({least}{schema['maxLength']:,} bytes)"
    return f"{kind}{bound}"


def _errors(operations: list[tuple[str, str, Schema]], document: Schema) -> str:
    """Return the statuses of a dialect's routes, each with every reason."""
    reasons: dict[str, dict[str, None]] = {}
    for _, _, operation in operations:
        for status, answer in operation["responses"].items():
            if status >= "400":
                full = document["components"]["responses"][status] if "$ref" in answer else answer
                reasons.setdefault(status, {}).update(dict.fromkeys(SENTENCE.split(full["description"])))
    lines = ["| status | when |", "| --- | --- |"]
    for status, found in sorted(reasons.items()):
        lines.append(f"| {status} | {' '.join(found)} |")
    return "\n".join([*lines, ""])
