"""`bench peers`: vecd against what people use in its place, in one run.

Every round starts each server in turn, checks its embeddings, loads it row by row with distinct texts, and stops it; so
the rounds of a server lie far apart in time on a noisy machine. All share the same cores with the same generator.
"""

import argparse
import asyncio
from collections.abc import Sequence

import msgspec

from bench.artifacts import open_artifact
from bench.commands.peers_fidelity import Reference, ServedFidelity, check_fidelity, embed_reference
from bench.errors import BenchError
from bench.figures.goals import judge
from bench.figures.load import Load
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.figures.peer_rows import CAPACITY, OURS, ROWS, Row, RowFigures, table
from bench.figures.peers import PeerFigures, PeersFigures
from bench.options import add_rounds, add_seconds
from bench.peers.contestants import Contestant, contestants
from bench.progress import open_bar, say
from bench.servers.running import run_server
from bench.traffic.driving import drive
from bench.traffic.target import Running, ServerSpec
from export import ExportError
from models import Manifest

ROUNDS, SECONDS, WARM_SECONDS = 3, 6.0, 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_rounds(parser, ROUNDS)
    add_seconds(parser, SECONDS, "measured for each row")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these servers alone")


def measure(options: argparse.Namespace) -> Outcome:
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
    asyncio.run(_measure_rounds(specs, embed_reference(artifact), figures, options))
    judged = msgspec.structs.replace(figures, goals=judge(figures.rows, _faithful(figures)))
    return Outcome(judged, table(judged.rows, {name: peer.skipped for name, peer in judged.peers.items()}))


def _wanted(contestant: Contestant, only: Sequence[str] | None) -> bool:
    return only is None or contestant.name in only


def _faithful(figures: PeersFigures) -> set[str]:
    """Name the peers whose embeddings keep a mean cosine of 0.99 to fp32."""
    return {name for name, peer in figures.peers.items() if name != OURS and (peer.cosine_mean or 0) >= 0.99}


def _prepare(entered: Sequence[Contestant], manifest: Manifest, figures: PeersFigures) -> list[ServerSpec]:
    specs = []
    for one in entered:
        try:
            specs.append(one.prepare(manifest))
        except (BenchError, ExportError) as error:
            say(f"{one.name} does not run: {error}")
            figures.peers[one.name].skipped = str(error)
    return specs


async def _measure_rounds(
    specs: list[ServerSpec], reference: Reference, figures: PeersFigures, options: argparse.Namespace
) -> None:
    with open_bar("peers", options.rounds * len(specs) * len(ROWS), "rows") as bar:
        for number in range(options.rounds):
            # The order changes from round to round, so that no server always follows the same neighbour.
            for spec in specs[number:] + specs[:number]:
                if figures.peers[spec.name].skipped is None:
                    await _measure_server(spec, number, reference, figures, options)
                bar.update(len(ROWS))


async def _measure_server(
    spec: ServerSpec, number: int, reference: Reference, figures: PeersFigures, options: argparse.Namespace
) -> None:
    peer = figures.peers[spec.name]
    try:
        async with run_server(spec) as server:
            peer.cold_start_s = [*peer.cold_start_s, server.cold_start_s]
            if number == 0:
                _note(peer, await check_fidelity(server, reference))
            await _load(server, number, figures, options)
    except (BenchError, OSError) as error:
        say(f"{spec.name} failed in round {number + 1}: {error}")
        peer.skipped = f"failed in round {number + 1}: {error}"


def _note(peer: PeerFigures, found: ServedFidelity) -> None:
    peer.cosine_mean, peer.cosine_min = found.cosine_mean, found.cosine_min
    peer.batch_cosine_min, peer.batch_bits_equal = found.batch_cosine_min, found.batch_bits_equal


async def _load(server: Running, number: int, figures: PeersFigures, options: argparse.Namespace) -> None:
    capacity = 0.0
    for place, row in enumerate(ROWS):
        # A seed of its own for each row and round: no text is ever sent twice to one process.
        seed = options.seed + 100 * number + place
        result = await drive(server, _plan(row, capacity, seed, options.seconds))
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
