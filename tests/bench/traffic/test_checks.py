import pytest

from bench.errors import BenchError
from bench.traffic.checks import check_reply
from bench.traffic.connection import Reply


@pytest.mark.parametrize("reply", [Reply(429, b"{}"), Reply(200, b'{"indexed":1,"failed":2,"errors":[]}')])
def test_what_was_not_kept_ends_the_run(reply: Reply) -> None:
    with pytest.raises(BenchError, match="vecd answered"):
        check_reply(reply)


@pytest.mark.parametrize("body", [b"{}", b'{"indexed":1,"failed":0}'])
def test_what_was_kept_is_returned(body: bytes) -> None:
    assert check_reply(Reply(200, body)).body == body
