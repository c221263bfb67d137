"""The status and the meaning of every error that a client can get, for answers and for the OpenAPI document."""

from http import HTTPStatus

import msgspec

from server.contract.errors import (
    ClosedError,
    CollectionNameError,
    CollectionSettingsError,
    DeadlineError,
    DocumentError,
    EmptyInputError,
    FilterError,
    FingerprintError,
    InferenceError,
    InvalidInputError,
    MemoryFullError,
    OverloadedError,
    QueryError,
    ServerError,
    StorageFullError,
    UnacceptableInputError,
    UnavailableError,
    UnknownCollectionError,
    UnknownDocumentError,
    UnknownModelError,
    VectorError,
)
from server.web.errors import (
    ForbiddenError,
    NotAcceptableError,
    RateError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedMediaError,
)


class Meaning(msgspec.Struct, frozen=True):
    status: HTTPStatus
    about: str


ERRORS: dict[type[ServerError], Meaning] = {
    InvalidInputError: Meaning(
        HTTPStatus.BAD_REQUEST,
        "The request cannot be understood: malformed, of the wrong type, out of range, or with more "
        "texts than `--max-client-batch-size`.",
    ),
    EmptyInputError: Meaning(HTTPStatus.BAD_REQUEST, "There is no text, or an empty one."),
    UnauthorizedError: Meaning(HTTPStatus.UNAUTHORIZED, "There is no key, an unknown one, or one that has ended."),
    ForbiddenError: Meaning(
        HTTPStatus.FORBIDDEN,
        "The key does not allow this, or does not reach the collection, whether there is one or not; or, without keys, "
        "the Host header does not name this machine; or the "
        "request comes from a page whose origin `--cors-origins` does not list.",
    ),
    UnknownModelError: Meaning(HTTPStatus.NOT_FOUND, "No model with that name is served."),
    NotAcceptableError: Meaning(
        HTTPStatus.NOT_ACCEPTABLE, "The client accepts none of the media types that the route gives."
    ),
    TooLargeError: Meaning(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body has more than `--max-body-bytes`."),
    UnsupportedMediaError: Meaning(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body's content type or encoding is not one that the route takes."
    ),
    UnacceptableInputError: Meaning(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "A text has more than `--max-text-bytes`, or is too long where nothing may be cut.",
    ),
    OverloadedError: Meaning(
        HTTPStatus.TOO_MANY_REQUESTS,
        "There is no room, or the wait would be too long; no part of the request was done.",
    ),
    RateError: Meaning(
        HTTPStatus.TOO_MANY_REQUESTS,
        "This client has used up its `--requests-per-minute` or `--tokens-per-minute`.",
    ),
    InferenceError: Meaning(HTTPStatus.INTERNAL_SERVER_ERROR, "The model could not compute this."),
    UnavailableError: Meaning(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The server is stopping, a worker that died is being replaced, or `--max-bodies-bytes` leaves no room for the "
        "answer.",
    ),
    DeadlineError: Meaning(
        HTTPStatus.GATEWAY_TIMEOUT,
        "The time that the client gave, or `--request-timeout-ms`, passed before this was done.",
    ),
    UnknownDocumentError: Meaning(HTTPStatus.NOT_FOUND, "There is no document with this id."),
    UnknownCollectionError: Meaning(HTTPStatus.NOT_FOUND, "There is no collection with this name."),
    DocumentError: Meaning(
        HTTPStatus.UNPROCESSABLE_ENTITY, "An id, a text or metadata exceeds what a document may hold."
    ),
    VectorError: Meaning(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "A vector has not the model's length, holds a number that is not finite, or holds only zeros.",
    ),
    FilterError: Meaning(HTTPStatus.UNPROCESSABLE_ENTITY, "The filter is not valid, or exceeds its limits."),
    QueryError: Meaning(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The search lacks what its mode needs, or the hits have more than `--max-body-bytes`.",
    ),
    CollectionNameError: Meaning(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "A collection's name has 1 to 64 of a-z, 0-9, - and _; there are at most 256 collections, or as many as the "
        "process may open files for.",
    ),
    CollectionSettingsError: Meaning(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Passages have at least 16 tokens and at most what the model reads, and share at most half of them; a "
        "threshold is a finite number.",
    ),
    FingerprintError: Meaning(
        HTTPStatus.CONFLICT,
        "The collection holds another model's vectors; `python -m index reindex` or POST "
        "/collections/{name}/reindex replaces them.",
    ),
    StorageFullError: Meaning(
        HTTPStatus.INSUFFICIENT_STORAGE,
        "The disk is full, or the data folder cannot be written; acknowledged writes are kept.",
    ),
    MemoryFullError: Meaning(
        HTTPStatus.INSUFFICIENT_STORAGE,
        "The documents would take more memory than `--index-bytes`; nothing of the request, or of the group of lines, "
        "was written. Searching and deleting go on.",
    ),
    ClosedError: Meaning(HTTPStatus.SERVICE_UNAVAILABLE, "The index is closing."),
}
