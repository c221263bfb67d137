"""`bench ragged`: what runs of texts of any lengths win over padding, over sorting first, and on all cores.

In: the sentences of the STS benchmark's dev set. Out: real tokens per second of one core, by way of making runs, and
milliseconds of a lone text. Needs a variant of the layout ragged, whose graph takes no mask: padding is computed like
text, and a graph that needs a mask would pay for that besides.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bench.artifacts import Artifact, open_artifact
from bench.batching.arrangements import BATCH_TEXTS, Encodings, build_ways, count_tokens
from bench.batching.policies import MAX_TOKENS
from bench.errors import BenchError
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.figures.ragged import RaggedFigures, render_table
from bench.graphs.single_texts import TOKENS, lone_ms, time_lone, time_shares
from bench.graphs.timing import speed_ratio
from bench.machine import one_core
from bench.options import positive
from bench.progress import open_bar
from bench.workload.sts import FILES, read_pairs
from server import MEMORY, Daemon, Session, Settings, build_daemon

ROUNDS = 9
PAIRS = (("ragged", "padded"), ("ragged", "sorted"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --data and --rounds."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help=f"folder with {FILES['dev']}")
    parser.add_argument(
        "--rounds", type=positive, default=ROUNDS, metavar="N", help="times that all is timed (default: %(default)s)"
    )


def measure(options: argparse.Namespace) -> Outcome:
    """Time every way of making runs on one core, round by round; then lone texts, on one core and on all."""
    pairs = read_pairs(options.data, "dev")
    origin = origin_fields(options)
    artifact = open_artifact(options.models, options.model)
    daemon = build_daemon(
        Settings(models=options.models, model=options.model, provider=options.provider, cache_bytes=0, data=MEMORY)
    )
    _require_ragged(daemon)
    session, rng = daemon.chosen.session, np.random.default_rng(options.seed)
    encodings = _encode(artifact, [text for pair in pairs for text in (pair.first, pair.second)])
    ways = build_ways(encodings)
    lone_texts = _draw_texts(artifact, rng)
    times = _time_ways(session, ways, options.rounds, rng)
    lone = time_lone(session, lone_texts, options.rounds, rng)
    tokens = sum(map(len, encodings))
    speeds = {way: [tokens / seconds for seconds in found] for way, found in times.items()}
    ratios = {f"{first}/{second}": speed_ratio(times[first], times[second]) for first, second in PAIRS}
    shares = time_shares(lone)
    figures = RaggedFigures(
        **origin,
        variant=daemon.chosen.variant.name,
        texts=len(encodings),
        tokens=tokens,
        batch_texts=BATCH_TEXTS,
        max_tokens_per_run=MAX_TOKENS,
        runs={way: len(runs) for way, runs in ways.items()},
        computed_tokens={way: count_tokens(runs) for way, runs in ways.items()},
        tokens_per_s={way: statistics.median(found) for way, found in speeds.items()},
        ratios={pair: ratio.median for pair, ratio in ratios.items()},
        noise={pair: ratio.interquartile_range for pair, ratio in ratios.items()},
        lone_ms=lone_ms(lone),
        all_cores_time_share={text: share.median for text, share in shares.items()},
        all_cores_time_share_noise={text: share.interquartile_range for text, share in shares.items()},
        rounds_tokens_per_s=speeds,
        rounds=options.rounds,
    )
    return Outcome(figures, render_table(figures))


def _require_ragged(daemon: Daemon) -> None:
    chosen = daemon.chosen
    if chosen.variant.layout != "ragged":
        why = f" (refused: {'; '.join(chosen.refused)})" if chosen.refused else ""
        message = f"the server chose {chosen.variant.name}{why}; this measures runs of texts of any lengths, unpadded"
        raise BenchError(message)


def _encode(artifact: Artifact, texts: Sequence[str]) -> Encodings:
    tokenizer = artifact.tokenizer()
    return [tokenizer.encode(text).ids for text in texts]


def _draw_texts(artifact: Artifact, rng: np.random.Generator) -> Encodings:
    """Return a text of random token ids for each length of TOKENS that the model takes."""
    vocabulary = artifact.tokenizer().get_vocab_size()
    lengths = [tokens for tokens in TOKENS if tokens <= artifact.manifest.max_tokens]
    return [rng.integers(0, vocabulary, tokens).tolist() for tokens in lengths]


def _time_ways(
    session: Session, ways: dict[str, list[Encodings]], rounds: int, rng: np.random.Generator
) -> dict[str, list[float]]:
    """Return the seconds of all runs of each way, round by round.

    The thread's own processor time: another program's turn on the core is not the runs' cost.
    """
    times: dict[str, list[float]] = {way: [] for way in ways}
    with one_core(), open_bar("ways", rounds, "rounds") as bar:
        for _ in range(rounds):
            for way in rng.permutation(list(ways)).tolist():
                times[way].append(time_runs(session, ways[way]))
            bar.update()
    return times


def time_runs(session: Session, runs: Sequence[Encodings], clock: Callable[[], float] = time.thread_time) -> float:
    """Return the seconds of the runs, one after the other."""
    start = clock()
    for run in runs:
        session.run(run, "sentence_embedding")
    return clock() - start
