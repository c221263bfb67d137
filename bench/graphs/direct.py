"""The graph driven directly, without HTTP, tokenizer or queue: the most that a server on the same cores could reach.

In: the server's own session, and token ids of the texts that the load sends. Out: texts per second of as many threads
as the server has workers, by size of run, and the milliseconds of a single text on one core.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import msgspec
import numpy as np

from bench.artifacts import OUTPUT, Encodings, LoadedModel
from bench.figures.load import ONE_TEXT
from server.engine.sessions import Session

# The most tokens in a run. On a CPU longer runs gain nothing (`bench scale`); a GPU gains by every token.
RUN_TOKENS = {"cpu": (64, 128, 256, 512), "cuda": (1024, 4096, 16_384, 65_536)}
# About what passes between two runs while one client sends a request, waits, and sends the next.
PAUSE_S = 0.001
FEWEST_SINGLE_TEXTS = 5
WARM_RUNS = 4


class DirectFigures(msgspec.Struct, frozen=True):
    """Texts per second by size of run, and milliseconds of a single text: after a pause, and one after the other."""

    texts_per_s: dict[str, float]
    paused_ms: float
    in_a_row_ms: float

    @property
    def best_texts_per_s(self) -> float:
        return max(self.texts_per_s.values())


def measure_direct(model: LoadedModel, texts: Encodings, seconds: float, rng: np.random.Generator) -> DirectFigures:
    """Time every size of run, and single texts, in about that many seconds altogether."""
    session = model.session
    sizes = plan_sizes(texts, RUN_TOKENS[model.provider], mixed_lengths=model.variant.layout != "equal-length")
    part_s = seconds / (len(sizes) + 2)
    tokens = statistics.mean(map(len, texts))
    return DirectFigures(
        texts_per_s={
            # Tokens are counted, not texts: in a short time a few long texts more or less would change the figure.
            size: drive_session(session, [runs[i] for i in rng.permutation(len(runs))], model.threads, part_s) / tokens
            for size, runs in sizes.items()
        },
        paused_ms=1e3 * time_single_text(session, texts, part_s, lambda: time.sleep(PAUSE_S)),
        in_a_row_ms=1e3 * time_single_text(session, texts, part_s, lambda: None),
    )


def plan_sizes(texts: Encodings, run_tokens: Sequence[int], *, mixed_lengths: bool) -> Mapping[str, list[Encodings]]:
    """Return the runs of all texts, by size of run; a run that may not mix lengths holds texts of one length."""
    ordered = texts if mixed_lengths else sorted(texts, key=len)
    sizes = {f"{most} tokens": cut_runs(ordered, most, mixed_lengths=mixed_lengths) for most in run_tokens}
    return {ONE_TEXT: [[text] for text in texts], **sizes}


def cut_runs(texts: Encodings, most_tokens: int, *, mixed_lengths: bool) -> list[Encodings]:
    """Return the texts in their order, cut into runs of at most that many tokens, but of at least one text."""
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
    """Return the tokens per second of that many threads side by side, each repeating runs of its own."""

    def work(place: int) -> float:
        own = cycle(runs[place::threads] or runs)
        for _ in range(WARM_RUNS):
            session.run(next(own), OUTPUT)
        tokens, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < seconds:
            run = next(own)
            session.run(run, OUTPUT)
            tokens += sum(map(len, run))
        return tokens / spent

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(work, range(threads)))


def time_single_text(session: Session, texts: Encodings, seconds: float, rest: Callable[[], None]) -> float:
    """Return the median seconds of a single text on one core; `rest` is called before each run."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    for text in cycle(texts):
        rest()
        start = time.perf_counter()
        session.run([text], OUTPUT)
        now = time.perf_counter()
        times.append(now - start)
        if now >= end and len(times) >= FEWEST_SINGLE_TEXTS:
            return statistics.median(times)
    raise AssertionError
