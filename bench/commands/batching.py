"""`bench batching`: vecd's rules for what runs together, against padding, buckets and no batching, on the same traffic.

In: seeded traces, and what runs cost on the real session. Out: throughput, padding and waits of each policy, simulated,
and how the simulation compares with the real engine. A single text may use all cores in the server; here every run has
one thread. Policies that pad are not charged for a mask: see `bench/graphs/costs.py`.
"""

import argparse
import asyncio
from collections.abc import Mapping

import msgspec
import numpy as np

from bench.artifacts import Artifact, LoadedModel, load_model, open_artifact
from bench.batching.policies import Policy, build_policies
from bench.batching.saturation import time_engine, write_texts
from bench.batching.simulation import Cost, simulate, summarize
from bench.figures.batching import BatchingFigures, Results, render_table
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.figures.peer_rows import OURS
from bench.graphs.costs import GridShape, RunCosts, prepare_calls, time_shapes
from bench.machine import one_core
from bench.options import add_rounds, positive
from bench.progress import open_bar
from bench.workload.traces import LONGEST_TOKENS, MAX_TOKENS, PROFILES, Trace, poisson, saturated

SECONDS, ROUNDS = 10, 8
# Enough that a saturated trace's last, half-empty runs do not count: about 1.5 s of mixed work on two cores.
SATURATED_TEXTS = 2000
# A server that is well used but not overrun, as a share of what vecd's rule can do.
LOAD = 0.7


class Contest(msgspec.Struct, frozen=True):
    """The policies by their names, and what they share: the costs of runs, and the workers."""

    policies: dict[str, Policy]
    costs: Cost
    workers: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds", type=positive, default=SECONDS, metavar="S", help="simulated traffic (default: %(default)s)"
    )
    add_rounds(parser, ROUNDS)


def measure(options: argparse.Namespace) -> Outcome:
    """Time runs and the engine round by round, then simulate every policy on every trace."""
    artifact = open_artifact(options.models, options.model)
    artifact.require_tokens(LONGEST_TOKENS)
    model = load_model(options.models, options.model, options.provider)
    rng = np.random.default_rng(options.seed)
    full = {profile: saturated(profile, SATURATED_TEXTS, rng) for profile in PROFILES}
    rounds, real = asyncio.run(_time_rounds(model, artifact, full["mixed"], options.rounds, rng))
    costs = RunCosts(rounds)
    policies = build_policies(model.variant.layout, costs.fit())
    results = simulate_all(full, Contest(policies, costs, model.cores), options.seconds, rng)
    figures = BatchingFigures(
        **origin_fields(options),
        variant=model.variant.name,
        traces=results,
        ratios=compare(results),
        simulation_over_real=results["mixed-saturated"][OURS].tokens_per_s / max(real),
        real_tokens_per_s=real,
        workers=model.cores,
        max_tokens_per_run=MAX_TOKENS,
        costs_ms={f"{batch}x{tokens}": 1e3 * costs([tokens] * batch) for batch, tokens in rounds[0]},
        seconds=options.seconds,
        rounds=options.rounds,
    )
    return Outcome(figures, render_table(figures))


async def _time_rounds(
    model: LoadedModel, artifact: Artifact, trace: Trace, rounds: int, rng: np.random.Generator
) -> tuple[list[Mapping[GridShape, float]], list[float]]:
    """Return each round's costs, and the engine's tokens per second on the trace right after."""
    tokenizer = artifact.tokenizer()
    calls = prepare_calls(model.session, tokenizer.get_vocab_size(), rng)
    texts = write_texts(trace.lengths, tokenizer, rng)
    costs: list[Mapping[GridShape, float]] = []
    real: list[float] = []
    with model.running(), open_bar("runs, engine", rounds, "rounds") as bar:
        for _ in range(rounds):
            with one_core():
                costs.append(time_shapes(calls, rng))
            real.append(await time_engine(model, texts))
            bar.update()
    return costs, real


def simulate_all(full: Mapping[str, Trace], contest: Contest, seconds: int, rng: np.random.Generator) -> Results:
    """Return the figures of each policy on the saturated traces, and on Poisson traffic at LOAD of vecd's capacity."""
    results: Results = {}
    for profile, waiting in full.items():
        served = simulate(waiting, contest.policies[OURS], contest.costs, contest.workers)
        texts_per_s = len(waiting.lengths) / max(served.finished_s)
        loaded = poisson(profile, LOAD * texts_per_s, seconds, rng)
        for name, trace in ((f"{profile}-saturated", waiting), (f"{profile}-{LOAD:.0%}", loaded)):
            results[name] = {
                policy: summarize(trace, simulate(trace, take, contest.costs, contest.workers))
                for policy, take in contest.policies.items()
            }
    return results


def compare(results: Results) -> dict[str, dict[str, float]]:
    """Return vecd's tokens per second divided by each other policy's, by trace."""
    return {
        trace: {
            f"{OURS}/{name}": policies[OURS].tokens_per_s / other.tokens_per_s
            for name, other in policies.items()
            if name != OURS
        }
        for trace, policies in results.items()
    }
