"""The parameters of a query: strict, so that nobody gets another document than he asked for."""

import pytest

from server.contract.errors import InvalidInputError
from server.web.queries import flag, query_of, whole_number


def parsed(query: bytes) -> dict[str, str]:
    return query_of({"query_string": query})


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (b"", {}),
        (b"id=a%2Fb", {"id": "a/b"}),
        (b"id=", {"id": ""}),
        (b"id", {"id": ""}),
        (b"id=a+b%20c&x=%2B", {"id": "a+b c", "x": "+"}),
        (b"id=%252F", {"id": "%2F"}),
        (b"id=a;b=c", {"id": "a;b=c"}),
        (b"id=%F0%9F%98%80", {"id": "😀"}),
        (b"id=%zz%", {"id": "%zz%"}),
        (b"id=%00", {"id": "\0"}),
        (b"&&a=b&", {"a": "b"}),
        (b'filter={"a":+"b%2Bc"}&id=a+b', {"filter": '{"a": "b+c"}', "id": "a+b"}),
    ],
)
def test_parameters_are_decoded_once(query: bytes, found: dict[str, str]) -> None:
    assert parsed(query) == found


@pytest.mark.parametrize("query", [b"id=%ff", b"id=%ED%A0%80", b"%ff=a", b"a=1&b=2&a=1", b"id=\xc3\xa9"])
def test_what_is_not_utf8_or_there_twice_is_refused(query: bytes) -> None:
    with pytest.raises(InvalidInputError):
        parsed(query)


def test_a_flag_is_true_or_false_and_nothing_else() -> None:
    assert flag({}, "a") is None
    assert (flag({"a": "true"}, "a"), flag({"a": "false"}, "a")) == (True, False)
    for value in ("", "1", "True", " true", "yes"):
        with pytest.raises(InvalidInputError) as error:
            flag({"a": value}, "a")
        assert error.value.parameter == "a"


def test_a_whole_number_is_within_its_bounds() -> None:
    assert whole_number({}, "n", 7, 100) == 7
    assert [whole_number({"n": value}, "n", 7, 100) for value in ("1", "100", "007")] == [1, 100, 7]
    for value in ("", "0", "101", "0001", "-1", "+1", "1.0", "1e1", " 1", "١", "²", "1" * 5000):
        with pytest.raises(InvalidInputError) as error:
            whole_number({"n": value}, "n", 7, 100)
        assert len(str(error.value)) < 200
