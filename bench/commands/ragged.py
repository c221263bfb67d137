"""`bench ragged`: what runs of texts of any lengths gain over padding, over sorting first, and on all cores.

In: the sentences of the STS benchmark's dev set. Out: the texts' own tokens per second of one core, by arrangement of
runs, and the milliseconds of a single text. Needs a variant of the layout ragged, whose graph takes no mask: padding is
computed like text, and a graph that needs a mask would pay for that too.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.artifacts import OUTPUT, Artifact, Encodings, LoadedModel, load_model, open_artifact
from bench.batching.arrangements import BATCH_TEXTS, arrange_runs, count_tokens
from bench.errors import BenchError
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.figures.ragged import RaggedFigures, render_table
from bench.figures.spread import speed_ratio
from bench.graphs.single_texts import TOKENS, Times, all_cores_shares, median_ms, time_single_texts
from bench.machine import one_core
from bench.options import add_rounds
from bench.progress import open_bar
from bench.workload.sts import FILES, read_pairs
from bench.workload.traces import MAX_TOKENS
from server.engine.sessions import Session

ROUNDS = 9
PAIRS = (("ragged", "padded"), ("ragged", "sorted"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help=f"folder with {FILES['dev']}")
    add_rounds(parser, ROUNDS)


def measure(options: argparse.Namespace) -> Outcome:
    """Time every arrangement on one core, round by round; then single texts, on one core and on all."""
    pairs = read_pairs(options.data, "dev")
    origin = origin_fields(options)
    artifact = open_artifact(options.models, options.model)
    model = load_model(options.models, options.model, options.provider)
    _require_ragged(model)
    rng = np.random.default_rng(options.seed)
    encodings = _encode(artifact, [text for pair in pairs for text in (pair.first, pair.second)])
    arrangements = arrange_runs(encodings)
    single_texts = _draw_texts(artifact, rng)
    times = _time_arrangements(model.session, arrangements, options.rounds, rng)
    single = time_single_texts(model.session, single_texts, options.rounds, rng)
    figures = RaggedFigures(
        **origin,
        variant=model.variant.name,
        texts=len(encodings),
        batch_texts=BATCH_TEXTS,
        max_tokens_per_run=MAX_TOKENS,
        runs={name: len(runs) for name, runs in arrangements.items()},
        computed_tokens={name: count_tokens(runs) for name, runs in arrangements.items()},
        **_speed_fields(times, sum(map(len, encodings))),
        **_single_fields(single),
        rounds=options.rounds,
    )
    return Outcome(figures, render_table(figures))


def _speed_fields(times: dict[str, list[float]], tokens: int) -> dict[str, Any]:
    """Return the fields of RaggedFigures that follow from the seconds of the arrangements."""
    speeds = {name: [tokens / seconds for seconds in found] for name, found in times.items()}
    ratios = {f"{first}/{second}": speed_ratio(times[first], times[second]) for first, second in PAIRS}
    return {
        "tokens": tokens,
        "tokens_per_s": {name: statistics.median(found) for name, found in speeds.items()},
        "ratios": {pair: ratio.median for pair, ratio in ratios.items()},
        "noise": {pair: ratio.interquartile_range for pair, ratio in ratios.items()},
        "rounds_tokens_per_s": speeds,
    }


def _single_fields(times: Times) -> dict[str, Any]:
    """Return the fields of RaggedFigures that follow from the seconds of single texts."""
    shares = all_cores_shares(times)
    return {
        "lone_ms": median_ms(times),
        "all_cores_time_share": {tokens: share.median for tokens, share in shares.items()},
        "all_cores_time_share_noise": {tokens: share.interquartile_range for tokens, share in shares.items()},
    }


def _require_ragged(model: LoadedModel) -> None:
    if model.variant.layout != "ragged":
        why = f" (refused: {'; '.join(model.refused)})" if model.refused else ""
        message = f"the server chose {model.variant.name}{why}; this measures runs of texts of any lengths, unpadded"
        raise BenchError(message)


def _encode(artifact: Artifact, texts: Sequence[str]) -> Encodings:
    tokenizer = artifact.tokenizer()
    return [tokenizer.encode(text).ids for text in texts]


def _draw_texts(artifact: Artifact, rng: np.random.Generator) -> Encodings:
    """Return a text of random token ids for each length of TOKENS that the model takes."""
    vocabulary = artifact.tokenizer().get_vocab_size()
    lengths = [tokens for tokens in TOKENS if tokens <= artifact.manifest.max_tokens]
    return [rng.integers(0, vocabulary, tokens).tolist() for tokens in lengths]


def _time_arrangements(
    session: Session, arrangements: dict[str, list[Encodings]], rounds: int, rng: np.random.Generator
) -> dict[str, list[float]]:
    """Return the seconds of all runs of each arrangement, round by round.

    Processor time of the thread: what another program takes of the core is not the runs' cost.
    """
    times: dict[str, list[float]] = {name: [] for name in arrangements}
    with one_core(), open_bar("arrangements", rounds, "rounds") as bar:
        for _ in range(rounds):
            for name in rng.permutation(list(arrangements)).tolist():
                times[name].append(time_runs(session, arrangements[name]))
            bar.update()
    return times


def time_runs(session: Session, runs: Sequence[Encodings], clock: Callable[[], float] = time.thread_time) -> float:
    """Return the seconds of the runs, one after the other."""
    start = clock()
    for run in runs:
        session.run(run, OUTPUT)
    return clock() - start
