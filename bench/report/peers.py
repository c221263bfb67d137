"""The page's part on servers side by side: what ran, its loads by row, its start, memory and fidelity, the goals."""

from collections.abc import Mapping

from bench.figures.goal import Goal
from bench.figures.peer_rows import OURS, RowFigures
from bench.figures.peers import PeersFigures
from bench.figures.spread import relative, spread
from bench.report.markdown import NOT_MEASURED, cosine, noisy, number, table, yes_no

# Field of the raw file and head of the column.
COLUMNS = {
    "requests_per_s": "requests/s",
    "texts_per_s": "texts/s",
    "tokens_per_s": "tokens/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "p999_ms": "p99.9 ms",
    "errors": "errors",
    "server_cores": "server's cores",
    "generator_cores": "generator's cores",
}


def render_peers(result: PeersFigures) -> list[str]:
    """Return one file's tables, without the pictures."""
    lines = ["What ran:", "", *_about(result)]
    for row, loads in result.rows.items():
        lines += [f"{row}:", "", *_loads(loads)]
    return [
        *lines,
        "Cold start in seconds, and memory in MB in each row:",
        "",
        *_memory(result),
        "Truth to fp32, and whether a text's embedding depends on its batch:",
        "",
        *_fidelity(result),
    ]


def render_goals(goals: Mapping[str, Goal]) -> list[str]:
    """Return the table of the goals and what came of them."""
    rows = [[name, number(goal.goal), number(goal.value), yes_no(goal.met)] for name, goal in goals.items()]
    return table(["", "goal", "value", "met"], rows)


def _about(result: PeersFigures) -> list[str]:
    rows = []
    for name, peer in result.peers.items():
        ran = f"did not run: {peer.skipped}" if peer.skipped is not None else "ran"
        rows.append([name, peer.about, ran, ", ".join(f"{key} {value}" for key, value in peer.versions.items())])
    return table(["server", "what it is", "ran", "versions"], rows, figures=False)


def _loads(loads: Mapping[str, RowFigures]) -> list[str]:
    ours = loads.get(OURS, RowFigures())
    rows = []
    for name, load in loads.items():
        speed = noisy(relative(load.requests_per_s, ours.requests_per_s))
        rows.append([name, *(noisy(spread(getattr(load, field))) for field in COLUMNS), speed])
    return table(["server", *COLUMNS.values(), f"requests/s of {OURS}'s"], rows)


def _memory(result: PeersFigures) -> list[str]:
    rows = []
    for name, peer in result.peers.items():
        if peer.skipped is None:
            memory = [noisy(spread(loads.get(name, RowFigures()).rss_mb)) for loads in result.rows.values()]
            rows.append([name, noisy(spread(peer.cold_start_s)), *memory])
    return table(["server", "cold start", *result.rows], rows)


def _fidelity(result: PeersFigures) -> list[str]:
    rows = [
        [
            name,
            cosine(peer.cosine_mean),
            cosine(peer.cosine_min),
            cosine(peer.batch_cosine_min),
            yes_no(peer.batch_bits_equal),
        ]
        for name, peer in result.peers.items()
        if peer.skipped is None
    ]
    head = ["server", "cosine to fp32, mean", "least", "cosine of alone and batched, least", "same bits in any batch"]
    return table(head, rows) if rows else [NOT_MEASURED, ""]
