"""`bench batching`: vecd's rules for what runs together, against padding, buckets and no batching, on the same traffic.

In: seeded traces, and what runs cost on the real session. Out: throughput, padding and waits of each policy, simulated,
and how the simulation compares with the real engine. One text at a time may use all cores in the server; here a run
has one thread whatever the policy. Whoever pads is not charged for a mask: see `bench/graphs/costs.py`.
"""

import argparse
import asyncio
from collections.abc import Mapping

import msgspec
import numpy as np

from bench.artifacts import Artifact, open_artifact
from bench.batching.policies import MAX_TOKENS, Policy, build_policies
from bench.batching.saturation import time_engine, write_texts
from bench.batching.simulation import Cost, PolicyFigures, simulate, summarize
from bench.figures.origin import Origin, origin_fields
from bench.figures.outcomes import Outcome, align
from bench.graphs.costs import RunCosts, Shape, prepare_calls, time_shapes
from bench.machine import one_core
from bench.options import positive
from bench.progress import open_bar
from bench.workload.traces import LONGEST_TOKENS, PROFILES, Trace, poisson, saturated
from server import MEMORY, Daemon, Settings, build_daemon, fit_cost

SECONDS, ROUNDS = 10, 8
# Enough that a saturated trace's last, half-empty runs do not count: about 1.5 s of mixed work on two cores.
SATURATED_TEXTS = 2000
# A server that is well used but not overrun, as a share of what vecd's rule can do.
LOAD = 0.7

Results = dict[str, dict[str, PolicyFigures]]  # by trace, then by policy


class Contest(msgspec.Struct, frozen=True):
    """The policies by their names, and what they share: the costs of runs, and the workers."""

    policies: dict[str, Policy]
    costs: Cost
    workers: int


class BatchingFigures(Origin, frozen=True, kw_only=True):
    """Figures by trace and policy; `ratios` are of tokens per second: above 1, vecd's rule is faster.

    All policies have the costs of the graph that the server chose. Where that takes texts of any lengths in a run,
    `vecd-portable` is the rule for graphs that take texts of one.

    `simulation_over_real` is the simulated throughput of the saturated mixed trace divided by the engine's in its best
    round: costs are processor time, so the round that other programs disturbed least is the one to compare with.
    """

    variant: str
    traces: Results
    ratios: dict[str, dict[str, float]]
    simulation_over_real: float
    real_tokens_per_s: list[float]
    workers: int
    max_tokens_per_run: int
    costs_ms: dict[str, float]
    seconds: int
    rounds: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --seconds and --rounds."""
    parser.add_argument(
        "--seconds", type=positive, default=SECONDS, metavar="S", help="simulated traffic (default: %(default)s)"
    )
    parser.add_argument(
        "--rounds", type=positive, default=ROUNDS, metavar="N", help="times that costs are timed (default: %(default)s)"
    )


def measure(options: argparse.Namespace) -> Outcome:
    """Time runs and the engine round by round, then simulate every policy on every trace."""
    artifact = open_artifact(options.models, options.model)
    artifact.require_tokens(LONGEST_TOKENS)
    daemon = build_daemon(
        Settings(models=options.models, model=options.model, provider=options.provider, cache_bytes=0, data=MEMORY)
    )
    rng = np.random.default_rng(options.seed)
    full = {profile: saturated(profile, SATURATED_TEXTS, rng) for profile in PROFILES}
    rounds, real = asyncio.run(_time_rounds(daemon, artifact, full["mixed"], options.rounds, rng))
    costs = RunCosts(rounds)
    policies = build_policies(daemon.chosen.variant.layout, fit_cost(costs.observations()))
    results = simulate_all(full, Contest(policies, costs, daemon.cores), options.seconds, rng)
    figures = BatchingFigures(
        **origin_fields(options),
        variant=daemon.chosen.variant.name,
        traces=results,
        ratios=compare(results),
        simulation_over_real=results["mixed-saturated"]["vecd"].tokens_per_s / max(real),
        real_tokens_per_s=real,
        workers=daemon.cores,
        max_tokens_per_run=MAX_TOKENS,
        costs_ms={f"{batch}x{tokens}": 1e3 * costs([tokens] * batch) for batch, tokens in rounds[0]},
        seconds=options.seconds,
        rounds=options.rounds,
    )
    return Outcome(figures, _table(figures))


async def _time_rounds(
    daemon: Daemon, artifact: Artifact, trace: Trace, rounds: int, rng: np.random.Generator
) -> tuple[list[Mapping[Shape, float]], list[float]]:
    """Return each round's costs, and the engine's tokens per second on the trace right after."""
    tokenizer = artifact.tokenizer()
    calls = prepare_calls(daemon.chosen.session, tokenizer.get_vocab_size(), rng)
    texts = write_texts(trace.lengths, tokenizer, rng)
    costs: list[Mapping[Shape, float]] = []
    real: list[float] = []
    daemon.engine.start()
    try:
        with open_bar("runs, engine", rounds, "rounds") as bar:
            for _ in range(rounds):
                with one_core():
                    costs.append(time_shapes(calls, rng))
                real.append(await time_engine(daemon.engine, texts))
                bar.update()
    finally:
        daemon.engine.close()
    return costs, real


def simulate_all(full: Mapping[str, Trace], contest: Contest, seconds: int, rng: np.random.Generator) -> Results:
    """Return the figures of each policy on the saturated traces, and on Poisson traffic at LOAD of vecd's capacity."""
    results: Results = {}
    for profile, waiting in full.items():
        served = simulate(waiting, contest.policies["vecd"], contest.costs, contest.workers)
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
            f"vecd/{name}": policies["vecd"].tokens_per_s / other.tokens_per_s
            for name, other in policies.items()
            if name != "vecd"
        }
        for trace, policies in results.items()
    }


def _table(figures: BatchingFigures) -> list[str]:
    rows = [("simulated", "tokens/s", "padding", "runs", "p50 ms", "p99 ms", "short p99 ms")]
    for trace, policies in figures.traces.items():
        for name, one in policies.items():
            waits = f"{one.p50_ms:.1f}", f"{one.p99_ms:.1f}", f"{one.short_p99_ms:.1f}"
            rows.append(
                (f"{trace} {name}", f"{one.tokens_per_s:.0f}", f"{one.padding_share:.1%}", str(one.runs), *waits)
            )
    return [*align(rows), f"simulation over real engine, mixed-saturated: {figures.simulation_over_real:.3f}"]
