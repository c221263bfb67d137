import pytest

from bench.traffic.recording import Answer
from bench.traffic.refusals import OverloadRecording, summarize_retry_after
from bench.traffic.requests import Prepared

REQUEST = Prepared(b"", 32, 400)


def answer(due_s: float, done_s: float, kind: str = "", retry_after: str | None = None) -> Answer:
    return Answer(request=REQUEST, kind=kind, due_s=due_s, done_s=done_s, late_s=0.003, retry_after=retry_after)


@pytest.fixture
def recording() -> OverloadRecording:
    """Measured from 5 s to 15 s, with a deadline of 4 s."""
    found = OverloadRecording(5.0, 15.0, 4.0)
    for one in (
        answer(1.0, 3.0),
        answer(4.0, 6.0),
        answer(6.0, 7.0),
        answer(14.0, 19.0),
        answer(4.5, 4.6, "429", "9"),
        answer(8.0, 8.1, "429", "2"),
        answer(8.0, 8.1, "429"),
        answer(9.0, 13.0, "504"),
        answer(9.0, 9.0, "connection"),
    ):
        found.add(one)
    return found


def test_throughput_is_of_what_was_answered_in_time_and_latencies_of_what_was_due_in_it(
    recording: OverloadRecording,
) -> None:
    accepted = recording.accepted()
    assert accepted.texts_per_s == 2 * 32 / 10
    assert accepted.requests == 2
    assert accepted.max_ms == pytest.approx(5000, rel=0.01)
    assert accepted.after_deadline == 1


def test_statuses_and_requests_without_one_are_told_apart(recording: OverloadRecording) -> None:
    assert recording.statuses() == {"200": 2, "429": 2, "504": 1}
    assert recording.other_errors() == {"connection": 1}
    assert recording.most_late_ms == pytest.approx(3)


def test_refusals_without_a_time_to_come_back_are_counted(recording: OverloadRecording) -> None:
    found = recording.retry_after()
    assert (found.refused, found.with_header, found.least_s, found.most_s) == (2, 1, 2, 2)


def test_only_whole_seconds_count_as_a_time_to_come_back() -> None:
    found = summarize_retry_after(["1", "4", "2.5", "Wed, 21 Oct 2026 07:28:00 GMT", None, "-1"])
    assert (found.refused, found.with_header, found.least_s, found.median_s, found.most_s) == (6, 2, 1, 2.5, 4)
    none = summarize_retry_after([])
    assert (none.refused, none.least_s, none.median_s, none.most_s) == (0, None, None, None)
