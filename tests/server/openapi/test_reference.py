"""The pages that are written from the code say what the code says now."""

import json
import re

import jsonschema_rs
import pytest

from index import parse_filter
from server.openapi.guide import FILTERS
from server.openapi.limits import FILTER
from server.openapi.markdown import COLLECTION, has_section, is_twin, to_markdown
from server.reference import DOCS, api_page, settings_page
from server.settings import Settings
from tests.server.openapi.document import tiny_document

DOCUMENT = tiny_document(keys_required=True)


@pytest.mark.parametrize(("name", "text"), [("api.md", api_page()), ("settings.md", settings_page())])
def test_a_page_is_as_the_code_would_write_it(name: str, text: str) -> None:
    assert (DOCS / name).read_text("utf-8") == text, "run `make docs`"


def test_every_route_has_a_row_and_every_route_that_takes_something_a_section() -> None:
    document = DOCUMENT
    page = to_markdown(document)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            name = f"{method.upper()} {path}"
            shown = method != "head" and not is_twin(path, document)
            assert shown == (f"| {name} |" in page)
            assert (shown and has_section(operation)) == (f"### {name}\n" in page)


def test_what_is_there_twice_is_told_once() -> None:
    document = DOCUMENT
    twins = [path for path in document["paths"] if is_twin(path, document)]
    assert len(twins) == 9
    assert "GET /collections/{name} |" in to_markdown(document)
    for path in twins:
        assert document["paths"][path].keys() == document["paths"][path.removeprefix(COLLECTION)].keys()


@pytest.mark.parametrize("filter_", re.findall(r"^\| `(.*?)` \|", FILTERS, re.MULTILINE))
def test_a_filter_that_is_shown_is_one(filter_: str) -> None:
    parse_filter(json.loads(filter_))
    jsonschema_rs.validate({"$ref": FILTER, "components": DOCUMENT["components"]}, json.loads(filter_))


def test_every_setting_has_a_row() -> None:
    page = settings_page()
    for name in Settings.__struct_fields__:
        assert f"| `--{name.replace('_', '-')}` | `VECD_{name.upper()}` |" in page


def test_no_place_of_this_machine_is_in_it() -> None:
    assert str(DOCS.parent) not in settings_page() + api_page()
