"""Requests for embeddings, made of a stream of texts."""

from collections.abc import Iterator, Mapping

import msgspec

from bench.traffic.dialects import DIALECTS, encode_request
from bench.traffic.messages import NO_HEADERS
from bench.traffic.target import ServerSpec
from bench.workload.texts import SizedText


class Prepared(msgspec.Struct, frozen=True, gc=False):
    """A request's bytes, and how many texts and tokens it asks for."""

    payload: bytes
    texts: int
    tokens: int


def prepare_requests(
    spec: ServerSpec, texts: Iterator[SizedText], per_request: int, headers: Mapping[str, str] = NO_HEADERS
) -> Iterator[Prepared]:
    """Yield requests in the server's dialect for as long as there are texts."""
    dialect = DIALECTS[spec.dialect]
    while part := [one for _, one in zip(range(per_request), texts, strict=False)]:
        payload = encode_request(dialect, [one.text for one in part], spec.model, {**spec.headers, **headers})
        yield Prepared(payload, len(part), sum(one.tokens for one in part))
