"""Whatever is asked that the document describes, rightly or wrongly: the answer is one that the document describes.

Every check of Schemathesis: no server error, no status, media type, header or body that is not documented, nothing
wrong accepted, nothing right refused, no method that is not there, no key ignored.
"""

from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput

from tests.openapi.fuzzed import Case, adapt, config, tiny_document
from tests.running import RunningServer

API = schemathesis.openapi.from_dict(tiny_document(keys_required=True), config=config("all"))
# What a link puts into a request that is wrong on purpose may make it right.
VALID = schemathesis.openapi.from_dict(tiny_document(keys_required=True), config=config("positive"))
# The same requests each time: what fails here fails there.
THOROUGH, JOURNEYS = (
    settings(max_examples=count, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    for count in (200, 30)
)


def sent(server: RunningServer, key: str) -> dict[str, Any]:
    """Return where and how a request is sent."""
    return {"base_url": server.url, "headers": {"Authorization": f"Bearer {key}"}}


# HEAD is the same handler; tests/openapi/test_document.py compares the two.
@pytest.mark.e2e
@API.exclude(method="HEAD").parametrize()
@THOROUGH
def test_requests_are_answered_as_documented(case: Case, locked_server: RunningServer, key: str) -> None:
    adapt(case)
    case.call_and_validate(**sent(locked_server, key))


@pytest.mark.e2e
def test_what_an_answer_links_to_is_answered_as_documented(locked_server: RunningServer, key: str) -> None:
    followed: set[str] = set()

    class Journey(VALID.as_state_machine()):  # type: ignore[misc] # it is made there
        def step(self, input: StepInput) -> StepOutput:  # noqa: A002 - its name there
            if input.transition and input.applied_parameters:
                followed.add(input.case.operation.label)
            return cast("StepOutput", super().step(input))

        def before_call(self, case: Case) -> None:
            adapt(case)

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return sent(locked_server, key)

    run_state_machine_as_test(Journey, settings=JOURNEYS)
    assert followed == {"GET /v1/models/{name}", "POST /tei/decode"}
