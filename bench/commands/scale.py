"""`bench scale`: how a run's cost grows with its tokens, a single text's with its length, and throughput with cores.

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

from bench.artifacts import load_model, open_artifact
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.figures.scale import Growth, ScaleFigures, render_table
from bench.graphs.timing import Call, prepare_call, time_round
from bench.machine import one_core
from bench.options import add_rounds
from bench.progress import open_bar
from server.engine.sessions import Session

ROUNDS = 12
TOKENS_PER_RUN = (16, 32, 64, 128, 256, 512, 1024, 2048)
TEXT_TOKENS = (16, 64, 256)
SINGLE_TOKENS = (2, 4, 8, 16, 32, 64, 128, 256)
# Side by side: runs of 16 texts of 16 tokens, the server's largest, several in a row.
SIDE_SHAPE, SIDE_RUNS = (16, 16), 6
SINGLE_REPEATS = 5

Times = dict[str, list[float]]  # seconds of every round, by what was timed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_rounds(parser, ROUNDS)


def measure(options: argparse.Namespace) -> Outcome:
    """Time runs, single texts and runs side by side, round by round."""
    artifact = open_artifact(options.models, options.model)
    artifact.require_tokens(max(*TEXT_TOKENS, *SINGLE_TOKENS))
    model = load_model(options.models, options.model, options.provider)
    rng = np.random.default_rng(options.seed)
    vocabulary = artifact.tokenizer().get_vocab_size()
    times = _time_all(model.session, model.cores, vocabulary, options.rounds, rng)
    medians, best = (summarize(times, choose, model.cores) for choose in (statistics.median, min))
    figures = ScaleFigures(
        **origin_fields(options),
        **msgspec.structs.asdict(medians),
        best=best,
        variant=model.variant.name,
        rounds=options.rounds,
    )
    return Outcome(figures, render_table(medians, best, options.rounds))


def summarize(times: Times, choose: Callable[[list[float]], float], cores: int) -> Growth:
    """Return the figures that follow from one time chosen of each list of rounds."""
    chosen = {name: choose(seconds) for name, seconds in times.items()}
    return Growth(
        tokens_per_run={
            str(text): {str(run): run / chosen[f"run {text} {run}"] for run in TOKENS_PER_RUN if run >= text}
            for text in TEXT_TOKENS
        },
        lone_text_ms={
            threads: {str(tokens): 1e3 * chosen[f"single {threads} {tokens}"] for tokens in SINGLE_TOKENS}
            for threads in ("one", "all")
        },
        side_by_side=side_by_side_figures(chosen, cores),
    )


def side_by_side_figures(chosen: Mapping[str, float], cores: int) -> dict[str, float]:
    """Return tokens per second by runs at once; in the chosen seconds each worker makes SIDE_RUNS runs."""
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
                # Processor time of the thread, without what other programs take of the core.
                _time_into(times, runs, 1, rng, time.thread_time)
            # Single texts on one thread and on all cores, in turns and not pinned: they are compared with each other.
            _time_into(times, one | wide, SINGLE_REPEATS, rng)
            _time_into(times, together, 1, rng)
            bar.update()
    return times


def _prepare_runs(
    session: Session, vocabulary: int, rng: np.random.Generator
) -> tuple[dict[str, Call], dict[str, Call], dict[str, Call]]:
    """Return the calls of whole runs, of single texts on one thread, and of single texts on all cores."""
    runs = {
        f"run {text} {run}": prepare_call(session, rng.integers(0, vocabulary, (run // text, text)).tolist())
        for text in TEXT_TOKENS
        for run in TOKENS_PER_RUN
        if run >= text
    }
    single = {tokens: rng.integers(0, vocabulary, (1, tokens)).tolist() for tokens in SINGLE_TOKENS}
    one = {f"single one {tokens}": prepare_call(session, ids) for tokens, ids in single.items()}
    wide = {f"single all {tokens}": prepare_call(session, ids, all_cores=True) for tokens, ids in single.items()}
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
