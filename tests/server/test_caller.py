"""What is read of a request besides its body."""

from typing import Any

import pytest

from server.caller import Caller, read_caller
from server.errors import InvalidInputError


def scope(*headers: tuple[bytes, bytes], client: tuple[str, int] | None = ("10.0.0.1", 5)) -> Any:
    return {"headers": list(headers), "client": client}


def test_a_caller_is_its_address_and_the_time_that_it_gives() -> None:
    assert read_caller(scope()) == Caller("10.0.0.1", None)
    assert read_caller(scope((b"x-request-timeout-ms", b"250"))) == Caller("10.0.0.1", 0.25)
    assert read_caller(scope(client=None)) == Caller("", None)


@pytest.mark.parametrize("value", [b"0", b"-1", b"", b"1.5", b"1e3", b"soon", b"9" * 30, "٣".encode(), b" 1"])
def test_a_timeout_that_is_no_number_of_milliseconds_is_refused(value: bytes) -> None:
    with pytest.raises(InvalidInputError, match="x-request-timeout-ms"):
        read_caller(scope((b"x-request-timeout-ms", value)))
