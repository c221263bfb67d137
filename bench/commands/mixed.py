"""`bench mixed`: what a mix of short and long texts costs: padding none of them, and waiting beside each other.

In: texts of the mixed profile. Out: tokens per second of vecd's engine against FIFO padding on the same session; and
over HTTP, at a share of the capacity, p99 of the short texts with the long ones beside them and without.
"""

import argparse
import asyncio
import statistics
from collections.abc import Sequence
from itertools import islice

import numpy as np

from bench.artifacts import Artifact, open_artifact
from bench.batching.padding import PaddingFigures, compare_padding
from bench.commands.mixed_company import CompanyFigures, Round, Window, measure_round, summarize_company
from bench.environments import FOLDER
from bench.figures.origin import Origin, origin_fields
from bench.figures.outcomes import Outcome, align
from bench.options import given_flags, positive
from bench.progress import open_bar
from bench.servers.running import run_server
from bench.servers.vecd import vecd_spec
from bench.workload.texts import stream_texts
from bench.workload.traces import LONGEST_TOKENS
from server import MEMORY, Daemon, Settings, build_daemon

ROUNDS, SECONDS, WARM_SECONDS = 3, 10.0, 2.0
# Enough that the last, half-empty runs do not count.
TEXTS = 1000


class MixedFigures(Origin, frozen=True, kw_only=True):
    """`padding` is in-process and saturated, `company` over HTTP at a share of the capacity."""

    variant: str
    padding: PaddingFigures
    company: CompanyFigures
    rounds: int
    seconds: float
    flags: dict[str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --rounds, --seconds, --warm-seconds and --texts."""
    add = parser.add_argument
    add("--rounds", type=positive, default=ROUNDS, metavar="N", help="times that all is timed (default: %(default)s)")
    add("--seconds", type=float, default=SECONDS, metavar="S", help="measured of each load (default: %(default)s)")
    add("--warm-seconds", type=float, default=WARM_SECONDS, metavar="S", help="time before (default: %(default)s)")
    add("--texts", type=positive, default=TEXTS, metavar="N", help="texts against padding (default: %(default)s)")


def measure(options: argparse.Namespace) -> Outcome:
    """Compare with padding in this process, then load a server, round by round."""
    artifact = open_artifact(options.models, options.model)
    artifact.require_tokens(LONGEST_TOKENS)
    origin = origin_fields(options)
    daemon = build_daemon(
        Settings(models=options.models, model=options.model, provider=options.provider, cache_bytes=0, data=MEMORY)
    )
    padding = asyncio.run(_compare(daemon, artifact, options))
    rounds = asyncio.run(_load(daemon, options))
    figures = MixedFigures(
        **origin,
        variant=daemon.chosen.variant.name,
        padding=padding,
        company=summarize_company(rounds, options.seconds),
        rounds=options.rounds,
        seconds=options.seconds,
        flags=given_flags(options, ("warm_seconds", "texts")),
    )
    return Outcome(figures, render_table(figures))


async def _compare(daemon: Daemon, artifact: Artifact, options: argparse.Namespace) -> PaddingFigures:
    texts = [one.text for one in islice(stream_texts("mixed", options.seed), options.texts)]
    rng = np.random.default_rng(options.seed)
    daemon.engine.start()
    try:
        return await compare_padding(daemon, artifact.tokenizer(), texts, options.rounds, rng)
    finally:
        daemon.engine.close()


async def _load(daemon: Daemon, options: argparse.Namespace) -> list[Round]:
    found = []
    async with run_server(vecd_spec(options), FOLDER / "logs") as server:
        with open_bar("short and long", options.rounds, "rounds") as bar:
            for number in range(options.rounds):
                window = Window(options.warm_seconds, options.seconds, options.seed + number)
                found.append(await measure_round(server, daemon.chosen.session, window))
                bar.update()
    return found


def render_table(figures: MixedFigures) -> list[str]:
    """Return the figures for a terminal."""
    padding, company = figures.padding, figures.company
    rows = [(f"texts to rows, median of {figures.rounds}", "tokens/s", "padding")]
    for name, speeds in padding.tokens_per_s.items():
        rows.append((name, _median(speeds, 0), f"{padding.padding_share[name]:.1%}"))
    ratios = [f"{pair}: {ratio:.2f} ± {padding.noise[pair] / 2:.2f}" for pair, ratio in padding.ratios.items()]
    share = f"{company.share_of_capacity:.0%} of the capacity of {_median(company.capacity_per_s, 0)} texts/s"
    waits = [
        (f"short texts at {share}, median of {figures.rounds}", "p50 ms", "p99 ms"),
        *(
            (name.replace("_", " "), _median(company.short_p50_ms[name], 2), _median(p99, 2))
            for name, p99 in company.short_p99_ms.items()
        ),
        (f"allowed: without, and two runs of {_median(company.long_run_ms, 2)} ms", "", _median(company.allowed_ms, 2)),
    ]
    errors = f"errors: {company.errors or 'none'}; sent at most {max(company.most_late_ms):.1f} ms late"
    return [*align(rows), *ratios, *align(waits), f"p99 with long over allowed: {company.of_allowed:.2f}", errors]


def _median(rounds: Sequence[float], decimals: int) -> str:
    return f"{statistics.median(rounds):.{decimals}f}"
