"""Examples, written for all-MiniLM-L6-v2; with another model the document names that one."""

import json
from collections.abc import Mapping
from typing import Any

from server.openapi.limits import Limits, Schema
from server.web.operations import Lines


def with_served_model(value: Any, limits: Limits) -> Any:
    """Return an example with an unknown model replaced by the served one."""
    if isinstance(value, Mapping):
        found = {name: with_served_model(inner, limits) for name, inner in value.items()}
        if isinstance(value.get("model"), str) and value["model"] not in limits.names:
            found["model"] = limits.names[0]
        return found
    return [with_served_model(one, limits) for one in value] if isinstance(value, list) else value


def lines_of(lines: Lines) -> Schema:
    """Return the schema and an example of a body of NDJSON, which is a string to a JSON schema."""
    about = f"{lines.kind.__name__} per line, each written as JSON without a line break."
    example = "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in lines.examples)
    return {"schema": {"type": "string", "description": f"One {about}"}, "example": example}
