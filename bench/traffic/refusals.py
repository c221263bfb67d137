"""Records a load beyond the capacity: what is answered, refused with a time to come back, or lost."""

import statistics
from collections.abc import Sequence

from bench.figures.overload import Accepted, RetryAfter
from bench.traffic.recording import Answer, Recording

REFUSED = "429"
OK = "200"


class OverloadRecording:
    """Takes all answers of the loop, and tells itself which belong to the measured time.

    Latencies count by when a request was due, throughput by when it was answered.
    """

    def __init__(self, warm_s: float, end_s: float, deadline_s: float) -> None:
        self._warm_s, self._end_s, self._deadline_s = warm_s, end_s, deadline_s
        self._recording = Recording()
        self._after_deadline = 0
        self._texts_in_time = 0
        self._retry_after: list[str | None] = []

    def add(self, answer: Answer) -> None:
        if not answer.kind and self._warm_s <= answer.done_s < self._end_s:
            self._texts_in_time += answer.request.texts
        if answer.due_s < self._warm_s:
            return
        self._recording.add(answer)
        if answer.kind == REFUSED:
            self._retry_after.append(answer.retry_after)
        elif not answer.kind and answer.done_s - answer.due_s > self._deadline_s:
            self._after_deadline += 1

    @property
    def most_late_ms(self) -> float:
        return 1e3 * self._recording.most_late_s

    def statuses(self) -> dict[str, int]:
        """Return how many requests each status answered."""
        found = {OK: self._recording.requests} | dict(self._recording.errors)
        return {kind: found[kind] for kind in sorted(found) if kind.isdecimal()}

    def other_errors(self) -> dict[str, int]:
        """Return how many requests got no answer, by kind: `connection`, `timeout`, `not sent`."""
        return {kind: count for kind, count in self._recording.errors.items() if not kind.isdecimal()}

    def retry_after(self) -> RetryAfter:
        return summarize_retry_after(self._retry_after)

    def accepted(self) -> Accepted:
        seconds = self._end_s - self._warm_s
        latency = self._recording.figures(seconds).latency_ms
        return Accepted(
            requests=self._recording.requests,
            p50_ms=latency["p50"],
            p99_ms=latency["p99"],
            max_ms=latency.get("max", 0.0),
            after_deadline=self._after_deadline,
            texts_per_s=self._texts_in_time / seconds,
        )


def summarize_retry_after(values: Sequence[str | None]) -> RetryAfter:
    """Return the least, median and most of the headers that hold whole seconds (RFC 9110, 10.2.3)."""
    seconds = [int(value) for value in values if value is not None and value.isdecimal()]
    return RetryAfter(
        refused=len(values),
        with_header=len(seconds),
        least_s=min(seconds, default=None),
        median_s=statistics.median(seconds) if seconds else None,
        most_s=max(seconds, default=None),
    )
