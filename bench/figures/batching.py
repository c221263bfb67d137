"""The figures of `bench batching`, and their table."""

import msgspec

from bench.figures.origin import Origin
from bench.figures.outcomes import align


class PolicyFigures(msgspec.Struct, frozen=True):
    """How one policy did on one trace. Tokens are the texts' own, waits are from arrival to the end of the run.

    `padding_share` is the share of the computed tokens that belong to no text; `short_p99_ms` is of short texts. A
    policy that cannot keep up with a Poisson trace has waits that grow with the trace's length.
    """

    tokens_per_s: float
    padding_share: float
    runs: int
    p50_ms: float
    p99_ms: float
    short_p99_ms: float


Results = dict[str, dict[str, PolicyFigures]]  # by trace, then by policy


class BatchingFigures(Origin, frozen=True, kw_only=True):
    """Figures by trace and policy; `ratios` are of tokens per second: above 1, vecd's policy is faster.

    All policies have the costs of the graph that the server chose. Where that takes texts of any lengths in a run,
    `vecd-portable` is the policy for graphs that take texts of one length.

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


def render_table(figures: BatchingFigures) -> list[str]:
    rows = [("simulated", "tokens/s", "padding", "runs", "p50 ms", "p99 ms", "short p99 ms")]
    for trace, policies in figures.traces.items():
        for name, one in policies.items():
            waits = f"{one.p50_ms:.1f}", f"{one.p99_ms:.1f}", f"{one.short_p99_ms:.1f}"
            rows.append(
                (f"{trace} {name}", f"{one.tokens_per_s:.0f}", f"{one.padding_share:.1%}", str(one.runs), *waits)
            )
    return [*align(rows), f"simulation over real engine, mixed-saturated: {figures.simulation_over_real:.3f}"]
