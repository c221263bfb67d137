"""The OpenAPI document as a page to read: for each dialect a table of its routes, their fields, and its errors.

In: a document of `describe`. Out: Markdown.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from server.contract.names import LATEST
from server.openapi.limits import FILTER, Schema

COLLECTION = "/collections/{name}"
# The schema of a field that may not be set together with another one.
NOTHING: Schema = {"type": "null", "default": None}
SENTENCE = re.compile(r"(?<=\.) ")


def to_markdown(document: Schema) -> str:
    parts = [document["info"]["description"]]
    for tag in document["tags"]:
        operations = [
            (method.upper(), path, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if operation["tags"] == [tag["name"]] and method != "head" and not is_twin(path, document)
        ]
        shown: set[str] = set()
        parts.append(f"## {tag['name']}\n\n{tag['description']}\n\n{_routes(operations)}")
        parts += [_operation(*one, document, shown) for one in operations if has_section(one[2])]
        parts.append(f"### Errors\n\n{_errors(operations, document)}")
    return "\n".join(parts)


def is_twin(path: str, document: Schema) -> bool:
    """Return whether a path is another one within a collection, which the guide explains once for all."""
    return path.startswith(COLLECTION) and path.removeprefix(COLLECTION) in document["paths"]


def has_section(operation: Schema) -> bool:
    """Return whether a route has a body or parameters of the query, which need more than its row."""
    return "requestBody" in operation or any(one["in"] == "query" for one in operation.get("parameters", []))


def _routes(operations: list[tuple[str, str, Schema]]) -> str:
    lines = ["| route | what it does | key |", "| --- | --- | --- |"]
    for method, path, operation in operations:
        about = f"{operation['summary']}. {operation.get('description', '')}".strip()
        lines.append(f"| {method} {path} | {about} | {_key(operation)} |")
    return "\n".join([*lines, ""])


def _key(operation: Schema) -> str:
    scopes = [scope for one in operation["security"] for scope in one.get("key", [])]
    return ", ".join(scopes) if scopes else "any" if operation["security"] else ""


def _operation(method: str, path: str, operation: Schema, document: Schema, shown: set[str]) -> str:
    asked = operation.get("requestBody", {}).get("content", {})
    given = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
    parts = [f"### {method} {path}\n", f"{operation['summary']}. {operation.get('description', '')}".strip() + "\n"]
    request: Schema = next(iter(asked.values()), {})
    if request:
        parts += _fields("request", request["schema"], document, shown)
    parts += [_parameter(one) for one in operation["parameters"] if one["in"] != "header"]
    content = next(iter(given["content"].values()))
    parts += _fields("answer", content["schema"], document, shown)
    for name, types in (("Bodies", asked), ("Answers", given["content"])):
        if len(types) > 1:
            parts.append(f"{name}: {', '.join(f'`{media}`' for media in types)}.\n")
    if "example" in request:
        parts.append(f"```\n{method} {path}\n{_json(request['example'])}\n\n{_json(content['example'])}\n```\n")
    return "\n".join(parts)


def _parameter(one: Schema) -> str:
    name = f"{{{one['name']}}}" if one["in"] == "path" else f"?{one['name']}"
    return f"`{name}`: {_type(one['schema'])}. {one['description']}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _fields(title: str, schema: Schema, document: Schema, shown: set[str]) -> Iterator[str]:
    """Yield a table for each struct that a schema refers to, except those that were shown before."""
    names = [name for name in dict.fromkeys(_structs(schema, document)) if name not in shown]
    shown |= set(names)
    if not names or "$ref" not in schema:
        yield f"The {title} is {_type(schema)}{'' if names or '$ref' not in schema else ', as above'}.\n"
    for name in names:
        struct = document["components"]["schemas"][name]
        fields = {field: inner for field, inner in struct["properties"].items() if inner != NOTHING}
        if not fields:
            yield f"{_short(name)}: {struct['description']}\n"
            continue
        lines = [f"| {title}: {_short(name)} | is | |", "| --- | --- | --- |"]
        for field, inner in fields.items():
            notes = [_about(inner)]
            if field not in struct.get("required", []):
                notes.append(f"left out: `{_json(inner['default'])}`" if "default" in inner else "may be left out")
            lines.append(f"| `{field}` | {_type(inner)} | {'; '.join(filter(None, notes))} |")
        yield f"{struct['description']}\n"
        yield "\n".join([*lines, ""])


def _about(schema: Schema) -> str:
    """Return a field's description; that of a text is in its type."""
    inner = [schema, *schema.get("anyOf", [])]
    return next((one["description"] for one in inner if "description" in one and "maxLength" not in one), "")


def _structs(schema: Any, document: Schema) -> Iterator[str]:
    if isinstance(schema, list):
        for one in schema:
            yield from _structs(one, document)
    elif isinstance(schema, dict):
        if "$ref" in schema:
            if schema["$ref"] == FILTER:
                return  # the guide has it
            name = schema["$ref"].rpartition("/")[2]
            yield name
            yield from _structs(document["components"]["schemas"][name]["properties"], document)
        yield from _structs([value for value in schema.values() if isinstance(value, dict | list)], document)


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _type(schema: Schema) -> str:
    """Describe a value in a few words."""
    if "$ref" in schema:
        return "[filter](#filters)" if schema["$ref"] == FILTER else _short(schema["$ref"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "enum" in schema:
        names = [one for one in schema["enum"] if not str(one).endswith(LATEST)]
        also = [f"these with `{LATEST}`"] if len(names) < len(schema["enum"]) else []
        return " or ".join([*(f"`{_json(one)}`" for one in names), *also])
    kind, most = schema.get("type", "anything"), schema.get("maxItems") or schema.get("maximum")
    bound = f" (at most {most:,})" if most else ""
    if kind == "array":
        bound = f" (exactly {most:,})" if most and most == schema.get("minItems") else bound
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
