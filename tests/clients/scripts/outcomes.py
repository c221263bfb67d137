"""Makes the calls that a script offers, and tells what came of each one: see tests/clients/programs.py."""

import json
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

Calls = dict[str, Callable[[], Any]]


def tell(offer: Callable[[SimpleNamespace], Calls]) -> None:
    """Read the jobs from standard input, do them, and write the outcomes to standard output."""
    request = json.load(sys.stdin)
    outcomes = []
    for job in request["jobs"]:
        calls = offer(SimpleNamespace(url=job["url"], key=job["key"], texts=request["texts"]))
        outcomes.append([{"call": name, **attempt(calls[name])} for name in job["calls"] or calls])
    json.dump(outcomes, sys.stdout, default=lambda array: array.tolist())


def attempt(call: Callable[[], Any]) -> dict[str, Any]:
    """Return what the call returns or raises."""
    try:
        return {"value": call()}
    except Exception as error:  # noqa: BLE001 - whatever a client raises is what we are here to see
        fields = {name: getattr(error, name, None) for name in ("code", "param", "type", "body", "request_id")}
        status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
        return {"raised": {"kind": type(error).__name__, "message": str(error), "status": status, **fields}}
