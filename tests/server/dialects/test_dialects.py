"""Whose a path is, and what an error looks like there."""

from http import HTTPStatus

import msgspec
import pytest

from server.contract.errors import (
    CallerError,
    ClosedError,
    CollectionNameError,
    CollectionSettingsError,
    DeadlineError,
    DocumentError,
    EmptyInputError,
    FilterError,
    FingerprintError,
    IndexFaultError,
    InferenceError,
    InvalidInputError,
    MemoryFullError,
    OverloadedError,
    QueryError,
    RetryLaterError,
    ServerError,
    SettingsError,
    StartError,
    StorageFullError,
    UnacceptableInputError,
    UnavailableError,
    UnexpectedError,
    UnknownCollectionError,
    UnknownDocumentError,
    UnknownModelError,
    VectorError,
)
from server.routes import DIALECTS
from server.web.dialect import Problem, dialect_of
from server.web.error_table import ERRORS
from server.web.errors import (
    ForbiddenError,
    NotAcceptableError,
    RateError,
    StreamStoppedError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedMediaError,
)
from server.web.problems import detail_of, status_of

ALL: dict[type[ServerError], int] = {
    InvalidInputError: 400,
    EmptyInputError: 400,
    UnauthorizedError: 401,
    ForbiddenError: 403,
    UnknownModelError: 404,
    NotAcceptableError: 406,
    TooLargeError: 413,
    UnsupportedMediaError: 415,
    UnacceptableInputError: 422,
    OverloadedError: 429,
    RateError: 429,
    InferenceError: 500,
    UnavailableError: 503,
    DeadlineError: 504,
    UnknownDocumentError: 404,
    UnknownCollectionError: 404,
    FingerprintError: 409,
    DocumentError: 422,
    VectorError: 422,
    FilterError: 422,
    QueryError: 422,
    CollectionNameError: 422,
    CollectionSettingsError: 422,
    ClosedError: 503,
    StorageFullError: 507,
    MemoryFullError: 507,
}
# What the index cannot raise while it answers, and what is our own fault.
UNTOLD: set[type[ServerError]] = {SettingsError, StartError, IndexFaultError, UnexpectedError}
PATHS = {
    "/v1/embeddings": "OpenAI",
    "/v1": "OpenAI",
    "/v1/": "OpenAI",
    "/v1/nowhere": "OpenAI",
    "/tei": "text-embeddings-inference",
    "/tei/v1/embeddings": "text-embeddings-inference",
    "/v2/embed": "Cohere",
    "/api/embed": "Ollama",
    "/embed": "vecd",
    "/": "vecd",
    "": "vecd",
    "/v1x": "vecd",
    "/v10/embeddings": "vecd",
    "/teipot": "vecd",
    "/apis/embed": "vecd",
    "/x/v1/embeddings": "vecd",
    "//v1/embeddings": "vecd",
    "/V1/embeddings": "vecd",
}


def made(kind: type[ServerError]) -> ServerError:
    return RateError("said", 3, "tokens") if kind is RateError else kind("said")


def told(path: str, kind: type[ServerError]) -> tuple[int, dict[str, object]]:
    problem = Problem(status=ERRORS[kind].status, detail="said", request_id="r", error=made(kind))
    found = dialect_of(path, DIALECTS).answer_error(problem)
    document: dict[str, object] = msgspec.json.decode(msgspec.json.encode(found.body))
    return found.status.value, document


@pytest.mark.parametrize("path", PATHS)
def test_a_path_belongs_to_the_dialect_with_its_whole_first_part(path: str) -> None:
    assert dialect_of(path, DIALECTS).name == PATHS[path]


def test_every_error_has_the_status_of_the_contract() -> None:
    assert {kind: meaning.status.value for kind, meaning in ERRORS.items()} == ALL


def every_kind(base: type[ServerError]) -> set[type[ServerError]]:
    return {base}.union(*(every_kind(one) for one in base.__subclasses__()))


def test_every_error_is_told_or_our_own_fault() -> None:
    bases = {ServerError, RetryLaterError, CallerError, StreamStoppedError}
    assert every_kind(ServerError) - bases - ALL.keys() == UNTOLD
    for kind in UNTOLD:
        assert status_of(kind("secret")) == 500
        assert "secret" not in detail_of(kind("secret"))


@pytest.mark.parametrize("kind", ALL)
def test_the_native_dialect_tells_a_problem_document(kind: type[ServerError]) -> None:
    status, document = told("/embed", kind)
    assert status == ALL[kind]
    assert document == {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": "said",
        "request_id": "r",
    }
    assert dialect_of("/embed", DIALECTS).media_type == "application/problem+json"


OPENAI = {
    InvalidInputError: (400, "invalid_request_error", None),
    EmptyInputError: (400, "invalid_request_error", None),
    UnauthorizedError: (401, "invalid_request_error", "invalid_api_key"),
    ForbiddenError: (403, "invalid_request_error", None),
    UnknownModelError: (404, "invalid_request_error", "model_not_found"),
    UnacceptableInputError: (400, "invalid_request_error", None),
    OverloadedError: (429, "server_error", "overloaded"),
    RateError: (429, "tokens", "rate_limit_exceeded"),
    InferenceError: (500, "server_error", None),
    UnavailableError: (503, "server_error", None),
}


@pytest.mark.parametrize("kind", OPENAI)
def test_openai_s_clients_get_message_type_param_and_code(kind: type[ServerError]) -> None:
    status, document = told("/v1/embeddings", kind)
    expected, word, code = OPENAI[kind]
    assert status == expected
    assert document == {"error": {"message": "said", "type": word, "param": None, "code": code}}


TEI = {
    InvalidInputError: (422, "Validation"),
    EmptyInputError: (400, "Empty"),
    UnauthorizedError: (401, "Validation"),
    ForbiddenError: (403, "Validation"),
    TooLargeError: (413, "Validation"),
    UnsupportedMediaError: (415, "Validation"),
    UnacceptableInputError: (422, "Validation"),
    OverloadedError: (429, "Overloaded"),
    RateError: (429, "Overloaded"),
    InferenceError: (424, "Backend"),
    UnavailableError: (503, "Unhealthy"),
}


@pytest.mark.parametrize("kind", TEI)
def test_text_embeddings_inference_s_clients_get_error_and_type(kind: type[ServerError]) -> None:
    status, document = told("/tei/embed", kind)
    assert (status, document) == (TEI[kind][0], {"error": "said", "error_type": TEI[kind][1]})


@pytest.mark.parametrize("kind", ALL)
def test_cohere_s_clients_get_a_message(kind: type[ServerError]) -> None:
    assert told("/v2/embed", kind) == (ALL[kind], {"message": "said"})


@pytest.mark.parametrize("kind", ALL)
def test_ollama_s_clients_get_an_error(kind: type[ServerError]) -> None:
    status = 400 if ALL[kind] == 422 else ALL[kind]
    assert told("/api/embed", kind) == (status, {"error": "said"})
