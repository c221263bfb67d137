"""What generated requests do to documents: what a schema cannot say of them, and some that are there to be found."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import httpx

ID_BYTES, FILTER_DEPTH, FILTER_CONDITIONS = 512, 8, 64
LARGEST = 2**63 - 1
MOST_HITS, LATE = 1_000, "2100-01-01T00:00:00Z"
# Small names and small numbers are what generators come up with first.
DOCUMENTS = [
    {"id": "0", "text": "", "metadata": {"": 0, "0": False}},
    {"id": "00", "text": "zero", "metadata": {"0": "0", "1": [0, "", True]}},
    {"id": "a/b", "text": "a path", "metadata": {"null": None}},
]


def fill(client: httpx.Client) -> None:
    """Leave these documents, and one collection besides the default one."""
    for one in client.get("/collections").raise_for_status().json()["collections"]:
        client.delete(f"/collections/{one['name']}").raise_for_status()
    client.put("/collections/0", json={}).raise_for_status()
    client.post("/index/batch", json={"documents": DOCUMENTS}).raise_for_status()


def fit_id(given: str) -> str:
    """Return an id of at most 512 bytes; a schema counts characters."""
    return given.encode()[:ID_BYTES].decode(errors="ignore")


def fit_any_id(given: Any) -> Any:
    """Return an id, or an integer that MessagePack knows; anything else as it is."""
    if isinstance(given, str):
        return fit_id(given)
    return given % LARGEST if isinstance(given, int) and not isinstance(given, bool) else given


def fit_document(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document whose id, vector and metadata are within the limits, and that goes at most once, and late."""
    fitted = {name: fit_integers(value) if name == "metadata" else value for name, value in given.items()}
    if "id" in fitted:
        fitted["id"] = fit_any_id(fitted["id"])
    if isinstance(fitted.get("vector"), list):
        fitted["vector"] = fit_vector(fitted["vector"])
    if fitted.get("expires_at") is not None:
        fitted |= {"expires_at": LATE, "ttl_s": None}
    return fitted


def fit_search(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a search whose vector has a direction, whose filter is within the limits, and whose id is one."""
    fitted = dict(given)
    if "like" in fitted:
        fitted["like"] = fit_any_id(fitted["like"])
    if "offset" in fitted:
        fitted["offset"] = min(fitted["offset"], MOST_HITS - fitted.get("top_k", 10))
    if "per_group" in fitted and fitted.get("group_by") is None:
        fitted["group_by"] = "0"
    if isinstance(fitted.get("vector"), list):
        fitted["vector"] = fit_vector(fitted["vector"])
    if fitted.get("filter"):
        fitted["filter"] = fit_filter(fitted["filter"])
    return fitted


def fit_vector(given: list[float]) -> list[float]:
    """Return a vector of a length that a float can hold, and that is not 0."""
    bounded = [math.copysign(min(abs(one), 1e100), one) for one in given]
    return bounded if any(abs(one) > 1e-100 for one in bounded) else [1.0, *bounded[1:]]


def fit_filter(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the filter, or a small one where it is too deep or too long."""
    if depth(given) > FILTER_DEPTH or leaves(given) > FILTER_CONDITIONS:
        return {"0": {"$exists": True}}
    fitted: Mapping[str, Any] = fit_integers(given)
    return fitted


def depth(node: Any) -> int:
    """Return how deep objects are nested."""
    inner = list(node.values()) if isinstance(node, Mapping) else node if isinstance(node, list) else []
    return isinstance(node, Mapping) + max(map(depth, inner), default=0)


def leaves(node: Any) -> int:
    """Return how many values there are."""
    inner = list(node.values()) if isinstance(node, Mapping) else node if isinstance(node, list) else None
    return 1 if inner is None else sum(map(leaves, inner))


def fit_integers(value: Any) -> Any:
    """Return a value in which integers of more than 64 bits are floats."""
    if isinstance(value, int) and not -LARGEST - 1 <= value <= LARGEST:
        return float(value)
    return mapped(value, fit_integers)


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a list or a mapping with its values changed, and anything else as it is."""
    if isinstance(value, Mapping):
        return {name: change(inner) for name, inner in value.items()}
    return [change(inner) for inner in value] if isinstance(value, list) else value
