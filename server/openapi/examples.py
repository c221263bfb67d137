"""Examples are written for the model that vecd is made for; another one's document names that one."""

import json
from collections.abc import Mapping
from typing import Any

from server.openapi.limits import Limits, Schema
from server.web.operations import Lines


def fit(value: Any, limits: Limits) -> Any:
    """Return an example in which the model is one that is served."""
    if isinstance(value, Mapping):
        found = {name: fit(inner, limits) for name, inner in value.items()}
        if isinstance(value.get("model"), str) and value["model"] not in limits.names:
            found["model"] = limits.names[0]
        return found
    return [fit(one, limits) for one in value] if isinstance(value, list) else value


def lines_of(lines: Lines) -> Schema:
    """Return a body of NDJSON: to a JSON schema it is a text."""
    about = f"{lines.kind.__name__} a line, each written as JSON without a line break."
    example = "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in lines.examples)
    return {"schema": {"type": "string", "description": f"One {about}"}, "example": example}
