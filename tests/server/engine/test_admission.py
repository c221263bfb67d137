"""Who is let in, who is refused, and when the refused are told to come again."""

import pytest

from server.contract.errors import OverloadedError, UnavailableError
from server.engine.admission import REASONS, WAIT_SHARE, Admission, AdmissionLimits, first_piece
from server.engine.scheduling.fairness import CHUNK_TOKENS
from server.engine.scheduling.forecast import Backlog

NOTHING = Backlog(texts=0, tokens=0, jobs=0, seconds=0.0)


def admission(requests: int = 2, tokens: int = 100) -> Admission:
    return Admission(AdmissionLimits(max_concurrent_requests=requests, max_queue_tokens=tokens))


def backlog(tokens: int, jobs: int = 1, seconds: float = 10.0) -> Backlog:
    return Backlog(texts=jobs, tokens=tokens, jobs=jobs, seconds=seconds)


def test_a_full_house_refuses_and_a_place_is_free_again_whatever_happened_inside() -> None:
    door = admission()
    with door.enter(lambda: NOTHING):
        with pytest.raises(KeyError), door.enter(lambda: NOTHING):
            raise KeyError
        with door.enter(lambda: NOTHING), pytest.raises(OverloadedError, match="max_concurrent_requests") as caught:
            door.enter(lambda: backlog(50, seconds=9.0)).__enter__()
        assert caught.value.retry_after_s == 5
        assert door.active == 1
    assert door.active == 0
    assert door.refused == {"concurrency": 1}


def test_a_closed_door_refuses_everyone() -> None:
    door = admission()
    door.open = False
    with pytest.raises(UnavailableError, match="stopping"):
        door.enter(lambda: NOTHING).__enter__()
    assert door.refused == {"draining": 1}


def test_what_does_not_fit_is_told_how_long_it_takes_until_it_does() -> None:
    door = admission(tokens=100)
    door.weigh(50, 50, 0.0, backlog(50), 60.0)
    # Half of what waits has to go first, and all of it takes ten seconds.
    with pytest.raises(OverloadedError, match="max_queue_tokens is 100") as caught:
        door.weigh(50, 50, 0.0, backlog(100), 60.0)
    assert caught.value.retry_after_s == 5
    with pytest.raises(OverloadedError) as caught:
        door.weigh(5000, 5000, 0.0, backlog(100), 60.0)
    assert caught.value.retry_after_s == 10


def test_who_is_refused_for_the_least_that_it_adds_is_told_of_what_it_likely_does() -> None:
    with pytest.raises(OverloadedError) as caught:
        admission(tokens=100).weigh(10, 50, 0.0, backlog(100), 60.0)
    assert caught.value.retry_after_s == 5


def test_more_than_the_whole_bound_is_taken_when_nothing_waits() -> None:
    door = admission(tokens=100)
    door.weigh(5000, 5000, 0.0, NOTHING, 60.0)
    assert not door.refused


def test_a_wait_that_would_be_too_long_is_refused_at_once_and_a_short_one_is_not() -> None:
    door = admission(tokens=10**6)
    door.weigh(10, 10, 1.0, backlog(1000, jobs=1, seconds=60.0), 10.0)  # its turn comes long before all is done
    door.weigh(10, 10, 1.0, backlog(1000, jobs=100, seconds=4.0), 10.0)
    with pytest.raises(OverloadedError, match=r"would begin in about 30\.0 s") as caught:
        door.weigh(10, 10, 1.0, backlog(1000, jobs=100, seconds=30.0), 10.0)
    assert caught.value.retry_after_s == 30 - WAIT_SHARE * 10
    assert door.refused == {"wait": 1}
    assert set(door.refused) <= set(REASONS)


def test_a_request_is_served_in_pieces() -> None:
    assert first_piece(10) == 10
    assert first_piece(100_000) == CHUNK_TOKENS


def test_nobody_is_told_to_come_again_in_less_than_a_second() -> None:
    assert OverloadedError("full", 0.001).retry_after_s == 1
    assert OverloadedError("full", 1.2).retry_after_s == 2
