"""The document is valid, whole and true to what is registered; what it shows as an example fits its own schemas."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import jsonschema_rs
import msgspec
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from server.dialects.native.bodies import embeddings as native
from server.dialects.tei import bodies as tei
from server.openapi.causes import answers_of
from server.openapi.document import operation_at, template_of
from server.openapi.limits import Limits, resolve_markers
from server.openapi.schemas import Schemas
from server.routes import DIALECTS, ROUTES
from server.web.dialect import Dialect, dialect_of
from server.web.error_table import ERRORS
from server.web.operations import LIMITED, limited
from tests.running import RunningServer
from tests.server.openapi.document import tiny_document

DOCUMENT = tiny_document(keys_required=True)
LIMITS = Limits(
    names=("one", "two"),
    prompts=(),
    dimensions=384,
    vocabulary=1000,
    max_client_batch_size=32,
    max_text_bytes=500,
    accept_token_ids=False,
    passage_tokens=100,
)


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def validator(schema: dict[str, Any]) -> Any:
    """Return a validator of a schema that refers to the document's components."""
    return jsonschema_rs.validator_for(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": DOCUMENT["components"], **schema}
    )


def test_the_document_is_valid() -> None:
    OPENAPI_31_VALIDATOR.validate(DOCUMENT)


def test_every_route_that_is_registered_is_in_it_and_nothing_else() -> None:
    registered = {
        f"{method} {template_of(path)}" for one in ROUTES for path in one.paths for method in one.http_methods
    }
    assert {name for name, _ in operations()} == registered


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid(schema), name
    for reference in references(DOCUMENT):
        place: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from references(one)


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert len(set(names)) == len(names)


def test_links_lead_to_operations_and_give_them_what_they_take() -> None:
    by_name = {operation["operationId"]: operation for _, operation in operations()}
    links = [
        link
        for _, one in operations()
        for answer in one["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    about_documents = {"documents_get", "documents_delete", "search_search"}
    assert {link["operationId"] for link in links} == {
        *("openai_model", "tei_model_decode"),
        *about_documents,
        *(f"{name}_in_collection" for name in about_documents),
    }
    for link in links:
        target = by_name[link["operationId"]]
        assert {parameter["name"] for parameter in target["parameters"]} >= set(link.get("parameters", {}))
        assert ("requestBody" in link) == ("requestBody" in target)


@pytest.mark.parametrize("operation", [pytest.param(one, id=name) for name, one in operations()])
def test_its_examples_fit_its_schemas(operation: dict[str, Any]) -> None:
    for part in (operation.get("requestBody", {}), *operation["responses"].values()):
        for content in part.get("content", {}).values():
            if "example" in content:
                validator(content["schema"]).validate(content["example"])


def test_every_status_of_every_error_is_in_it() -> None:
    documented = {int(status) for _, operation in operations() for status in operation["responses"]}
    assert documented >= {meaning.status.value for meaning in ERRORS.values()}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_what_a_dialect_tells_has_the_shape_that_it_declares(dialect: Dialect) -> None:
    for route in ROUTES:
        for path in route.paths:
            if dialect_of(path, DIALECTS) is dialect:
                for answer in answers_of(operation_at(route), dialect, keys_required=True).values():
                    assert msgspec.convert(answer.sample, dialect.error)


def test_no_marker_is_left() -> None:
    assert LIMITED not in json.dumps(DOCUMENT)


def test_a_marker_without_a_rule_is_a_bug() -> None:
    schema = msgspec.json.schema(Annotated[str, limited("the weather")])
    with pytest.raises(KeyError):
        resolve_markers(schema, LIMITS)


def test_the_same_daemon_is_described_by_the_same_bytes() -> None:
    assert json.dumps(tiny_document(keys_required=True)) == json.dumps(DOCUMENT)


def test_the_bounds_are_those_of_the_settings_and_of_the_model() -> None:
    schemas = Schemas(LIMITS)
    schemas.of(native.EmbedRequest, "vecd", answered=False)
    fields = schemas.components["vecd.EmbedRequest"]["properties"]
    assert fields["texts"]["maxItems"] == 32
    assert fields["texts"]["items"]["maxLength"] == 500
    assert fields["dimensions"]["anyOf"][0].items() >= {"type": "integer", "minimum": 1, "maximum": 384}.items()
    assert [one["type"] for one in fields["prompt"]["anyOf"]] == ["null", "null"]


@pytest.mark.parametrize(("accepted", "ways"), [(False, 2), (True, 4)])
def test_token_ids_are_documented_where_they_are_taken(accepted: bool, ways: int) -> None:
    schemas = Schemas(msgspec.structs.replace(LIMITS, accept_token_ids=accepted))
    schemas.of(tei.EmbedRequest, "tei", answered=False)
    assert len(schemas.components["tei.EmbedRequest"]["properties"]["inputs"]["anyOf"]) == ways


def test_an_answer_has_all_its_fields() -> None:
    problem = DOCUMENT["components"]["schemas"]["vecd.ProblemDocument"]
    assert problem["required"] == ["type", "title", "status", "detail", "request_id"]


def test_a_route_without_a_scope_needs_no_key_and_every_other_one_says_which() -> None:
    found = {name: operation["security"] for name, operation in operations()}
    assert found["GET /health"] == []
    assert found["POST /embed"] == [{"key": ["embed"]}]
    assert found["GET /v1/models"] == [{"key": []}]
    open_document = tiny_document(keys_required=False)
    assert open_document["paths"]["/embed"]["post"]["security"] == [{}, {"key": ["embed"]}]


def test_a_daemon_serves_its_own_document(locked_server: RunningServer) -> None:
    answer = httpx.get(f"{locked_server.url}/openapi.json")
    assert answer.json() == DOCUMENT
    assert answer.headers["content-type"] == "application/json"


def test_options_tells_every_method_that_a_path_has(locked_server: RunningServer) -> None:
    with httpx.Client(base_url=locked_server.url) as client:
        for path, item in DOCUMENT["paths"].items():
            told = client.options(path).headers["allow"]
            assert told == ", ".join(sorted(method.upper() for method in (*item, "options"))), path


def test_what_answers_get_answers_head_alike_without_a_body(locked_server: RunningServer, key: str) -> None:
    paths = [path for path, item in DOCUMENT["paths"].items() if "get" in item]
    with httpx.Client(base_url=locked_server.url, headers={"authorization": f"Bearer {key}"}) as client:
        for path in paths:
            got, asked = client.get(path), client.head(path)
            assert (asked.status_code, asked.content) == (got.status_code, b"")
            assert asked.headers["content-type"] == got.headers["content-type"]
            assert "head" in DOCUMENT["paths"][path]
