"""The pages that are written from the code say what the code says now."""

import pytest

from server.openapi.markdown import to_markdown
from server.reference import DOCS, api_page, settings_page
from server.settings import Settings
from tests.openapi.fuzzed import tiny_document


@pytest.mark.parametrize(("name", "text"), [("api.md", api_page()), ("settings.md", settings_page())])
def test_a_page_is_as_the_code_would_write_it(name: str, text: str) -> None:
    assert (DOCS / name).read_text("utf-8") == text, "run `make docs`"


def test_every_route_has_a_row_and_every_route_with_a_body_a_section() -> None:
    document = tiny_document(keys_required=True)
    page = to_markdown(document)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            name = f"{method.upper()} {path}"
            assert method == "head" or f"| {name} |" in page
            assert ("requestBody" in operation) == (f"### {name}\n" in page)


def test_every_setting_has_a_row() -> None:
    page = settings_page()
    for name in Settings.__struct_fields__:
        assert f"| `--{name.replace('_', '-')}` | `VECD_{name.upper()}` |" in page


def test_no_place_of_this_machine_is_in_it() -> None:
    assert str(DOCS.parent) not in settings_page() + api_page()
