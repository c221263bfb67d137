"""Whatever is asked that the document describes, rightly or wrongly: the answer is one that the document describes.

Every check of Schemathesis: no server error, no status, media type, header or body that is not documented, nothing
wrong accepted, nothing right refused, no method that is not there, no key ignored.
"""

import itertools
from typing import Any, cast

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput

from tests.running import RunningServer
from tests.server.openapi.daemons.fuzzed import Case, adapt, config, fuzzed_document
from tests.server.openapi.daemons.library import fill, fit_id

KEEPING = {"POST /index", "POST /collections/{name}/index"}
IN_COLLECTION = r"^/collections/\{name\}/(index|search)"
DOCUMENT = fuzzed_document()
API = schemathesis.openapi.from_dict(DOCUMENT, config=config("all")).exclude(method="HEAD")
AGAIN = schemathesis.openapi.from_dict(DOCUMENT, config=config("all", systematic=False)).exclude(method="HEAD")
# What a link puts into a request that is wrong on purpose may make it right. What is gone is known by its path, which
# after a deletion by ?id= is still there.
VALID = schemathesis.openapi.from_dict(DOCUMENT, config=config("positive")).exclude(
    func=lambda context: "delete_by_query" in context.operation.definition.raw["operationId"]
)
# The same requests each time: what fails here fails there.
THOROUGH, BRIEF, JOURNEYS = (
    settings(max_examples=count, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    for count in (100, 40, 30)
)


def sent(server: RunningServer, key: str) -> dict[str, Any]:
    """Return where and how a request is sent."""
    return {"base_url": server.url, "headers": {"Authorization": f"Bearer {key}"}}


@pytest.fixture
def filled(locked_server: RunningServer, key: str) -> RunningServer:
    """The server with the same few documents for each operation, whatever was done to those before."""
    with httpx.Client(**sent(locked_server, key)) as client:
        fill(client)
    return locked_server


# HEAD is the same handler; tests/server/openapi/test_document.py compares the two.
@API.exclude(path_regex=IN_COLLECTION).parametrize()
@THOROUGH
def test_requests_are_answered_as_documented(case: Case, filled: RunningServer, key: str) -> None:
    adapt(case)
    case.call_and_validate(**sent(filled, key))


@AGAIN.include(path_regex=IN_COLLECTION).parametrize()
@BRIEF
def test_the_same_handlers_answer_alike_in_a_named_collection(case: Case, filled: RunningServer, key: str) -> None:
    adapt(case)
    case.call_and_validate(**sent(filled, key))


def test_what_an_answer_links_to_is_answered_as_documented(locked_server: RunningServer, key: str) -> None:
    followed: set[str] = set()

    class Journey(VALID.as_state_machine()):  # type: ignore[misc] # it is made there
        def setup(self) -> None:
            # A journey that is made again has to find what it found.
            super().setup()
            self.numbers = itertools.count()
            with httpx.Client(**sent(locked_server, key)) as client:
                fill(client)

        def step(self, input: StepInput) -> StepOutput:  # noqa: A002 - its name there
            if input.transition and input.applied_parameters:
                followed.add(input.case.operation.label)
            return cast("StepOutput", super().step(input))

        def before_call(self, case: Case) -> None:
            adapt(case)
            if case.operation.label in KEEPING and isinstance(case.body, dict):
                # A deleted document is not to come back by another request.
                case.body["id"] = fit_id(f"journey {next(self.numbers)} {case.body.get('id')}")
                case.body |= {"ttl_s": None, "expires_at": None}

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return sent(locked_server, key)

    run_state_machine_as_test(Journey, settings=JOURNEYS)
    assert followed >= {"GET /v1/models/{name}", "POST /tei/decode", "GET /index/{id}", "POST /search"}
