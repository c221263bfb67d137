"""`bench scale`: how a run's cost grows with its tokens, a lone text's with its length, and throughput with cores.

In: random token ids. Out: tokens per second and milliseconds on the session that the server would use. Every round
times everything once, so that a slow spell meets all; figures are medians over the rounds.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
import numpy as np

from bench.artifacts import open_artifact
from bench.figures.origin import Origin, origin_fields
from bench.figures.outcomes import Outcome, align
from bench.graphs.costs import prepare_call
from bench.graphs.timing import Call, time_round
from bench.machine import one_core
from bench.options import positive
from bench.progress import open_bar
from server import MEMORY, Session, Settings, build_daemon

ROUNDS = 12
TOKENS_PER_RUN = (16, 32, 64, 128, 256, 512, 1024, 2048)
TEXT_TOKENS = (16, 64, 256)
LONE_TOKENS = (2, 4, 8, 16, 32, 64, 128, 256)
# Side by side: runs of 16 texts of 16 tokens, the largest that the server makes, several in a row.
SIDE_SHAPE, SIDE_RUNS = (16, 16), 6
LONE_REPEATS = 5

Figures = dict[str, dict[str, float]]
Times = dict[str, list[float]]  # seconds of every round, by what was timed


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """`tokens_per_run`: tokens per second of one thread's processor time, by tokens in each text, then in the run.

    `lone_text_ms`: of a run of one text, by threads (one, all), then its tokens. `side_by_side`: tokens/s of all
    together, by one-thread runs at once; `all-cores-run` is one run at a time on all cores.
    """

    tokens_per_run: Figures
    lone_text_ms: Figures
    side_by_side: dict[str, float]


class ScaleFigures(Origin, frozen=True, kw_only=True):
    """Growth's figures as medians over the rounds; `best` holds each one's best round, the least disturbed one."""

    tokens_per_run: Figures
    lone_text_ms: Figures
    side_by_side: dict[str, float]
    variant: str
    best: Growth
    rounds: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --rounds."""
    parser.add_argument(
        "--rounds", type=positive, default=ROUNDS, metavar="N", help="times that all is timed (default: %(default)s)"
    )


def measure(options: argparse.Namespace) -> Outcome:
    """Time runs, lone texts and runs side by side, round by round."""
    artifact = open_artifact(options.models, options.model)
    artifact.require_tokens(max(*TEXT_TOKENS, *LONE_TOKENS))
    daemon = build_daemon(
        Settings(models=options.models, model=options.model, provider=options.provider, cache_bytes=0, data=MEMORY)
    )
    rng = np.random.default_rng(options.seed)
    vocabulary = artifact.tokenizer().get_vocab_size()
    times = _time_all(daemon.chosen.session, daemon.cores, vocabulary, options.rounds, rng)
    medians, best = (summarize(times, choose, daemon.cores) for choose in (statistics.median, min))
    figures = ScaleFigures(
        **origin_fields(options),
        **msgspec.structs.asdict(medians),
        best=best,
        variant=daemon.chosen.variant.name,
        rounds=options.rounds,
    )
    return Outcome(figures, _table(medians, best, options.rounds))


def summarize(times: Times, choose: Callable[[list[float]], float], cores: int) -> Growth:
    """Return the figures that follow from one time chosen of each list of rounds."""
    chosen = {name: choose(seconds) for name, seconds in times.items()}
    return Growth(
        tokens_per_run={
            str(text): {str(run): run / chosen[f"run {text} {run}"] for run in TOKENS_PER_RUN if run >= text}
            for text in TEXT_TOKENS
        },
        lone_text_ms={
            threads: {str(tokens): 1e3 * chosen[f"lone {threads} {tokens}"] for tokens in LONE_TOKENS}
            for threads in ("one", "all")
        },
        side_by_side=side_by_side_figures(chosen, cores),
    )


def side_by_side_figures(chosen: Mapping[str, float], cores: int) -> dict[str, float]:
    """Return tokens per second by runs at once: each worker has made SIDE_RUNS runs in the seconds given."""
    tokens = SIDE_RUNS * SIDE_SHAPE[0] * SIDE_SHAPE[1]
    found = {str(count): count * tokens / chosen[f"side {count}"] for count in range(1, cores + 1)}
    return found | {"all-cores-run": tokens / chosen["side all"]}


def _time_all(session: Session, cores: int, vocabulary: int, rounds: int, rng: np.random.Generator) -> Times:
    runs, one, wide = _prepare_runs(session, vocabulary, rng)
    side = prepare_call(session, rng.integers(0, vocabulary, SIDE_SHAPE).tolist())
    side_all = prepare_call(session, rng.integers(0, vocabulary, SIDE_SHAPE).tolist(), all_cores=True)
    times: Times = {}
    with open_bar("scale", rounds, "rounds") as bar, ThreadPoolExecutor(cores) as pool:
        together = {f"side {count}": _repeat([side] * count, pool) for count in range(1, cores + 1)}
        together["side all"] = _repeat([side_all], pool)
        for _ in range(rounds):
            with one_core():
                # The thread's own processor time, without the turns that other programs have on the core.
                _time_into(times, runs, 1, rng, time.thread_time)
            # Both kinds of a lone text in turns, and not on one core: they are compared with each other.
            _time_into(times, one | wide, LONE_REPEATS, rng)
            _time_into(times, together, 1, rng)
            bar.update()
    return times


def _prepare_runs(
    session: Session, vocabulary: int, rng: np.random.Generator
) -> tuple[dict[str, Call], dict[str, Call], dict[str, Call]]:
    """Return the calls of whole runs, of lone texts on one thread, and of lone texts on all cores."""
    runs = {
        f"run {text} {run}": prepare_call(session, rng.integers(0, vocabulary, (run // text, text)).tolist())
        for text in TEXT_TOKENS
        for run in TOKENS_PER_RUN
        if run >= text
    }
    lone = {tokens: rng.integers(0, vocabulary, (1, tokens)).tolist() for tokens in LONE_TOKENS}
    one = {f"lone one {tokens}": prepare_call(session, ids) for tokens, ids in lone.items()}
    wide = {f"lone all {tokens}": prepare_call(session, ids, all_cores=True) for tokens, ids in lone.items()}
    return runs, one, wide


def _repeat(calls: Sequence[Call], pool: ThreadPoolExecutor) -> Call:
    """Return a call that makes SIDE_RUNS runs of each call, all calls side by side, and waits for all."""

    def work(call: Call) -> None:
        for _ in range(SIDE_RUNS):
            call()

    return lambda: list(pool.map(work, calls))


def _time_into(
    times: Times,
    calls: Mapping[str, Call],
    repeats: int,
    rng: np.random.Generator,
    clock: Callable[[], float] = time.perf_counter,
) -> None:
    order = rng.permutation(list(calls)).tolist()
    for name, seconds in time_round(calls, order, repeats, clock).items():
        times.setdefault(name, []).append(seconds)


def _table(medians: Growth, best: Growth, rounds: int) -> list[str]:
    return [
        *(f"median of {rounds}: {line}" for line in _growth_table(medians)),
        *(f"best of {rounds}:   {line}" for line in _growth_table(best)),
    ]


def _growth_table(figures: Growth) -> list[str]:
    runs = [str(tokens) for tokens in TOKENS_PER_RUN]
    rows = [("tokens/s by tokens per run", *runs)]
    for text, found in figures.tokens_per_run.items():
        rows.append((f"texts of {text}", *(f"{found[run]:.0f}" if run in found else "" for run in runs)))
    lone = [str(tokens) for tokens in LONE_TOKENS]
    rows.append(("ms by tokens of a lone text", *lone))
    for threads, found in figures.lone_text_ms.items():
        label = {"one": "one thread", "all": "all cores"}[threads]
        rows.append((label, *(f"{found[tokens]:.2f}" for tokens in lone)))
    side = ", ".join(f"{name}: {value:.0f}" for name, value in figures.side_by_side.items())
    return [*align(rows), f"tokens/s by runs side by side: {side}"]
