"""Which prompt a model puts before a query and before a document."""

import pytest

from models import load_catalog, prompt_for


@pytest.mark.parametrize(
    ("names", "query", "document"),
    [
        ({}, None, None),
        ({"query": "q: "}, "query", None),
        ({"query": "q: ", "passage": "p: "}, "query", "passage"),
        ({"passage": "p: ", "document": "d: ", "corpus": "c: "}, None, "document"),
        ({"corpus": "c: "}, None, "corpus"),
        ({"search_query": "q: ", "search_document": "d: "}, "search_query", "search_document"),
        ({"clustering": "c: "}, None, None),
    ],
)
def test_each_role_has_the_prompt_that_publishers_name_after_it(
    names: dict[str, str], query: str | None, document: str | None
) -> None:
    assert prompt_for(names, "query") == query
    assert prompt_for(names, "document") == document


def test_every_prompt_of_the_catalogue_has_a_role() -> None:
    for entry in load_catalog().values():
        roles = {prompt_for(entry.prompts, "query"), prompt_for(entry.prompts, "document")}
        assert entry.prompts.keys() <= roles
