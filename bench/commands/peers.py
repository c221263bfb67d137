"""`bench peers`: vecd against what people would use instead, in one run.

Every round starts each server in turn, asks it to prove itself, loads it row by row with distinct texts, and stops it;
the next round meets another hour of a noisy machine. All share the same cores with the same generator.
"""

import argparse
import asyncio
from collections.abc import Sequence

import msgspec

from bench.artifacts import open_artifact
from bench.commands.peers_fidelity import Reference, Truth, check_truth, embed_reference
from bench.environments import FOLDER
from bench.errors import BenchError
from bench.figures.goals import Goal, judge
from bench.figures.origin import Origin, origin_fields
from bench.figures.outcomes import Outcome
from bench.figures.peer_rows import CAPACITY, ROWS, Row, RowFigures, table
from bench.options import positive
from bench.peers.contestants import Contestant, contestants
from bench.progress import open_bar, say
from bench.servers.running import Running, ServerSpec, run_server
from bench.traffic.driving import Load, drive
from export import ExportError
from models import Manifest

ROUNDS, SECONDS, WARM_SECONDS = 3, 6.0, 1.0


class PeerFigures(msgspec.Struct):
    """What is known of a server besides its rows; `skipped` says why it did not run."""

    about: str
    skipped: str | None = None
    cold_start_s: list[float] = []
    cosine_mean: float | None = None
    cosine_min: float | None = None
    batch_cosine_min: float | None = None
    batch_bits_equal: bool | None = None
    versions: dict[str, str] = {}


class PeersFigures(Origin, frozen=True, kw_only=True):
    """By server, and by row and server: one value a round."""

    peers: dict[str, PeerFigures]
    rows: dict[str, dict[str, RowFigures]]
    goals: dict[str, Goal]
    rounds: int
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what describes the contest."""
    add = parser.add_argument
    add("--rounds", type=positive, default=ROUNDS, metavar="N", help="times that each is loaded (default: %(default)s)")
    add("--seconds", type=float, default=SECONDS, metavar="S", help="measured for each row (default: %(default)s)")
    add("--only", nargs="+", metavar="NAME", help="these servers alone")


def measure(options: argparse.Namespace) -> Outcome:
    """Run the contest."""
    artifact = open_artifact(options.models, options.model)
    entered = [one for one in contestants(options.models, options.provider) if _wanted(one, options.only)]
    if not entered:
        known = ", ".join(one.name for one in contestants(options.models, options.provider))
        message = f"--only {' '.join(options.only)}: there is {known}"
        raise BenchError(message)
    figures = PeersFigures(
        **origin_fields(options),
        peers={one.name: PeerFigures(one.about, versions=one.versions) for one in entered},
        rows={row.name: {} for row in ROWS},
        goals={},
        rounds=options.rounds,
        seconds=options.seconds,
    )
    specs = _prepare(entered, artifact.manifest, figures)
    asyncio.run(_rounds(specs, embed_reference(artifact), figures))
    judged = msgspec.structs.replace(figures, goals=judge(figures.rows, _faithful(figures)))
    return Outcome(judged, table(judged.rows, {name: peer.skipped for name, peer in judged.peers.items()}))


def _wanted(contestant: Contestant, only: Sequence[str] | None) -> bool:
    return only is None or contestant.name in only


def _faithful(figures: PeersFigures) -> set[str]:
    """Name the peers whose embeddings keep a mean cosine of 0.99 to fp32."""
    return {name for name, peer in figures.peers.items() if name != "vecd" and (peer.cosine_mean or 0) >= 0.99}


def _prepare(entered: Sequence[Contestant], manifest: Manifest, figures: PeersFigures) -> list[ServerSpec]:
    specs = []
    for one in entered:
        try:
            specs.append(one.prepare(manifest))
        except (BenchError, ExportError) as error:
            say(f"{one.name} does not run: {error}")
            figures.peers[one.name].skipped = str(error)
    return specs


async def _rounds(specs: list[ServerSpec], reference: Reference, figures: PeersFigures) -> None:
    with open_bar("peers", figures.rounds * len(specs) * len(ROWS), "rows") as bar:
        for number in range(figures.rounds):
            # Another order each round: nobody always follows the same neighbour.
            for spec in specs[number:] + specs[:number]:
                if figures.peers[spec.name].skipped is None:
                    await _turn(spec, number, reference, figures)
                bar.update(len(ROWS))


async def _turn(spec: ServerSpec, number: int, reference: Reference, figures: PeersFigures) -> None:
    peer = figures.peers[spec.name]
    try:
        async with run_server(spec, FOLDER / "logs") as server:
            peer.cold_start_s = [*peer.cold_start_s, server.cold_start_s]
            if number == 0:
                _note(peer, await check_truth(server, reference))
            await _load(server, number, figures)
    except (BenchError, OSError) as error:
        say(f"{spec.name} failed in round {number + 1}: {error}")
        peer.skipped = f"failed in round {number + 1}: {error}"


def _note(peer: PeerFigures, truth: Truth) -> None:
    peer.cosine_mean, peer.cosine_min = truth.cosine_mean, truth.cosine_min
    peer.batch_cosine_min, peer.batch_bits_equal = truth.batch_cosine_min, truth.batch_bits_equal


async def _load(server: Running, number: int, figures: PeersFigures) -> None:
    capacity = 0.0
    for place, row in enumerate(ROWS):
        # A seed of its own for each row and round: no text is ever sent twice to one process.
        seed = figures.seed + 100 * number + place
        result = await drive(server, _plan(row, capacity, seed, figures.seconds))
        figures.rows[row.name].setdefault(server.spec.name, RowFigures()).add(result)
        if row is CAPACITY:
            capacity = result.figures.requests_per_s


def _plan(row: Row, capacity: float, seed: int, seconds: float) -> Load:
    return Load(
        profile=row.profile,
        texts_per_request=row.texts,
        connections=row.connections,
        per_s=max(1.0, capacity * row.share) if row.share else None,
        warm_s=WARM_SECONDS,
        measured_s=seconds,
        seed=seed,
    )
