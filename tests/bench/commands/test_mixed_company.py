import pytest

from bench.commands.mixed_company import LONG, SHORT, Round, class_of, summarize_company
from bench.traffic.recording import Answer, Recording
from bench.traffic.requests import Prepared


def recording(ms: float, kind: str = "", late_s: float = 0.0) -> Recording:
    found = Recording()
    for answered in ("", kind):
        found.add(Answer(request=Prepared(b"", 1, 9), kind=answered, due_s=1.0, done_s=1.0 + ms / 1e3, late_s=late_s))
    return found


def made_round(beside_ms: float, alone_ms: float, kind: str = "") -> Round:
    return Round(
        capacity_per_s=100.0,
        with_long={SHORT: recording(beside_ms, kind), LONG: recording(300.0, late_s=0.002)},
        without={SHORT: recording(alone_ms, late_s=0.001), LONG: Recording()},
        long_run_ms=10.0,
    )


def test_short_texts_may_wait_for_two_runs_of_a_long_one_beyond_what_they_wait_alone() -> None:
    figures = summarize_company([made_round(60, 40), made_round(90, 40), made_round(30, 40)], 1.0)
    assert figures.allowed_ms == [pytest.approx(60, rel=0.01)] * 3
    assert figures.short_p99_ms["with_long"] == [pytest.approx(ms, rel=0.01) for ms in (60, 90, 30)]
    assert figures.of_allowed == pytest.approx(1.0, rel=0.01)
    assert figures.arrivals_per_s == [pytest.approx(70)] * 3
    assert figures.most_late_ms == [pytest.approx(1)] * 3
    assert figures.errors == {}


def test_errors_of_all_loads_are_added_up() -> None:
    assert summarize_company([made_round(60, 40, "429")] * 2, 1.0).errors == {"429": 2}


def test_a_text_of_twenty_tokens_is_short() -> None:
    assert [class_of(Prepared(b"", 1, tokens)) for tokens in (20, 21)] == [SHORT, LONG]
