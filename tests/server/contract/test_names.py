"""What the model may be called."""

import pytest

from server.contract.errors import UnknownModelError
from server.contract.names import ModelNames, tagged

NAMES = ModelNames(["tiny", "org/tiny", "small", "pinned:latest", "pinned:v2", "tiny"])


def known(name: str) -> bool:
    try:
        NAMES.check(name)
    except UnknownModelError:
        return False
    return True


@pytest.mark.parametrize(
    "name", ["tiny", "tiny:latest", "org/tiny", "org/tiny:latest", "small", "pinned:latest", "pinned:v2"]
)
def test_the_served_name_and_its_aliases_are_known_with_and_without_the_tag(name: str) -> None:
    assert known(name)


@pytest.mark.parametrize(
    "name", ["", ":latest", "Tiny", "tiny ", "tiny:v2", "tiny:latest:latest", "latest", "org", "tin", "tiny/", "/tiny"]
)
def test_any_other_name_is_an_error_that_names_what_is_served(name: str) -> None:
    with pytest.raises(UnknownModelError, match=r"tiny.*org/tiny.*small") as refused:
        NAMES.check(name)
    assert refused.value.parameter == "model"


def test_every_name_is_listed_once_the_served_one_first() -> None:
    assert NAMES.all == ("tiny", "org/tiny", "small", "pinned:latest", "pinned:v2")


def test_a_name_of_megabytes_is_not_told_back_whole() -> None:
    with pytest.raises(UnknownModelError) as refused:
        NAMES.check("x" * 1_000_000)
    assert len(str(refused.value)) < 400


def test_ollama_lists_names_with_a_tag() -> None:
    assert [tagged(name) for name in NAMES.all] == [
        "tiny:latest",
        "org/tiny:latest",
        "small:latest",
        "pinned:latest",
        "pinned:v2",
    ]


def test_every_name_that_is_listed_is_known() -> None:
    assert all(known(name) and known(tagged(name)) for name in NAMES.all)
