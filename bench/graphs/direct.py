"""The graph driven directly, without HTTP, tokenizer or queue: what a server on the same cores could reach at most.

In: the server's own session, and token ids of the texts that the load sends. Out: texts per second of as many threads
as the server has workers, by size of run, and milliseconds of a text alone on one core.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import msgspec
import numpy as np

from server import Daemon, Session

Encodings = list[list[int]]

ONE = "one text"
# Most tokens in a run. On a CPU longer ones win nothing (`bench scale`); a GPU wants every token that it can get.
RUN_TOKENS = {"cpu": (64, 128, 256, 512), "cuda": (1024, 4096, 16_384, 65_536)}
# About what passes between two runs while one client sends a request, waits, and sends the next.
PAUSE_S = 0.001
FEWEST_LONE = 5
WARM_RUNS = 4


class BareFigures(msgspec.Struct, frozen=True):
    """Texts per second by size of run, and milliseconds of a lone text: after a pause, and one after the other."""

    texts_per_s: dict[str, float]
    paused_ms: float
    in_a_row_ms: float

    @property
    def best_texts_per_s(self) -> float:
        """Return the most that any size of run gives."""
        return max(self.texts_per_s.values())


def measure_bare(daemon: Daemon, texts: Encodings, seconds: float, rng: np.random.Generator) -> BareFigures:
    """Time every size of run and the text alone, all together in about that many seconds."""
    session, provider = daemon.chosen.session, daemon.provider.provider
    sizes = plan_sizes(texts, RUN_TOKENS[provider], mixed_lengths=daemon.chosen.variant.layout != "equal-length")
    threads = count_threads(daemon)
    part_s = seconds / (len(sizes) + 2)
    mean_tokens = statistics.mean(map(len, texts))
    return BareFigures(
        texts_per_s={
            # By tokens: in a short time a few long texts more or less would count for much.
            name: drive_session(session, [runs[i] for i in rng.permutation(len(runs))], threads, part_s) / mean_tokens
            for name, runs in sizes.items()
        },
        paused_ms=1e3 * time_alone(session, texts, part_s, lambda: time.sleep(PAUSE_S)),
        in_a_row_ms=1e3 * time_alone(session, texts, part_s, lambda: None),
    )


def count_threads(daemon: Daemon) -> int:
    """Return how many threads the server computes with: one a core, and one for a GPU."""
    return daemon.cores if daemon.provider.provider == "cpu" else 1


def plan_sizes(texts: Encodings, run_tokens: Sequence[int], *, mixed_lengths: bool) -> Mapping[str, list[Encodings]]:
    """Return the runs of all texts, by size; runs that may not mix lengths take texts of one length each."""
    ordered = texts if mixed_lengths else sorted(texts, key=len)
    sizes = {f"{most} tokens": cut_runs(ordered, most, mixed_lengths=mixed_lengths) for most in run_tokens}
    return {ONE: [[text] for text in texts], **sizes}


def cut_runs(texts: Encodings, most_tokens: int, *, mixed_lengths: bool) -> list[Encodings]:
    """Return the texts in their order, cut into runs of at most so many tokens, but at least one text."""
    runs: list[Encodings] = []
    room = 0
    for text in texts:
        fits = len(text) <= room and (mixed_lengths or len(text) == len(runs[-1][0]))
        if not fits:
            runs.append([])
            room = most_tokens
        runs[-1].append(text)
        room -= len(text)
    return runs


def drive_session(session: Session, runs: Sequence[Encodings], threads: int, seconds: float) -> float:
    """Return the tokens per second of that many threads side by side, each with runs of its own, over and over."""

    def work(place: int) -> float:
        own = cycle(runs[place::threads] or runs)
        for _ in range(WARM_RUNS):
            session.run(next(own), "sentence_embedding")
        tokens, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < seconds:
            run = next(own)
            session.run(run, "sentence_embedding")
            tokens += sum(map(len, run))
        return tokens / spent

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(work, range(threads)))


def time_alone(session: Session, texts: Encodings, seconds: float, rest: Callable[[], None]) -> float:
    """Return the median seconds of a text alone on one core, with a rest before each."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    for text in cycle(texts):
        rest()
        start = time.perf_counter()
        session.run([text], "sentence_embedding")
        now = time.perf_counter()
        times.append(now - start)
        if now >= end and len(times) >= FEWEST_LONE:
            return statistics.median(times)
    raise AssertionError
