"""`bench mixed`: what a mix of short and long texts costs: padding none of them, and waiting beside each other.

In: texts of the mixed profile. Out: tokens per second of vecd's engine against FIFO padding on the same session; and
over HTTP, at a share of the capacity, p99 of the short texts with the long ones beside them and without.
"""

import argparse
import asyncio
from itertools import islice

import numpy as np

from bench.artifacts import Artifact, LoadedModel, load_model, open_artifact
from bench.batching.padding import compare_padding
from bench.commands.mixed_company import Round, Window, measure_round, summarize_company
from bench.figures.mixed import MixedFigures, PaddingFigures, render_table
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.options import add_rounds, add_seconds, add_warm_seconds, given_flags, positive
from bench.progress import open_bar
from bench.servers.running import run_server
from bench.servers.vecd import vecd_spec
from bench.workload.texts import stream_texts
from bench.workload.traces import LONGEST_TOKENS

ROUNDS, SECONDS, WARM_SECONDS = 3, 10.0, 2.0
# Enough that the last, half-empty runs do not count.
TEXTS = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_rounds(parser, ROUNDS)
    add_seconds(parser, SECONDS, "measured of each load")
    add_warm_seconds(parser, WARM_SECONDS)
    parser.add_argument(
        "--texts", type=positive, default=TEXTS, metavar="N", help="texts against padding (default: %(default)s)"
    )


def measure(options: argparse.Namespace) -> Outcome:
    """Compare with padding in this process, then load a server, round by round."""
    artifact = open_artifact(options.models, options.model)
    artifact.require_tokens(LONGEST_TOKENS)
    origin = origin_fields(options)
    model = load_model(options.models, options.model, options.provider)
    padding = asyncio.run(_compare_padding(model, artifact, options))
    rounds = asyncio.run(_measure_rounds(model, options))
    figures = MixedFigures(
        **origin,
        variant=model.variant.name,
        padding=padding,
        company=summarize_company(rounds, options.seconds),
        rounds=options.rounds,
        seconds=options.seconds,
        flags=given_flags(options, ("warm_seconds", "texts")),
    )
    return Outcome(figures, render_table(figures))


async def _compare_padding(model: LoadedModel, artifact: Artifact, options: argparse.Namespace) -> PaddingFigures:
    texts = [one.text for one in islice(stream_texts("mixed", options.seed), options.texts)]
    rng = np.random.default_rng(options.seed)
    with model.running():
        return await compare_padding(model, artifact.tokenizer(), texts, options.rounds, rng)


async def _measure_rounds(model: LoadedModel, options: argparse.Namespace) -> list[Round]:
    found = []
    async with run_server(vecd_spec(options)) as server:
        with open_bar("short and long", options.rounds, "rounds") as bar:
            for number in range(options.rounds):
                window = Window(options.warm_seconds, options.seconds, options.seed + number)
                found.append(await measure_round(server, model.session, window))
                bar.update()
    return found
