"""`bench budget`: one client that behaves beside many that do the worst that the limits allow.

Round by round, alone and beside them in turn: the milliseconds of what it asks, whether it is refused or dropped, and
the most memory that the server ever took.
"""

import argparse
import asyncio
import re
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec.structs import replace

from bench.artifacts import open_artifact
from bench.documents.numbered import write_numbered
from bench.environments import FOLDER, LOGS
from bench.figures.budget import GOAL, BudgetFigures, Row, render_table, wait_of, worst_of
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.options import DEFAULTS, add_rounds, add_seconds, given_flags, positive
from bench.progress import open_bar, say
from bench.servers.doors import issue_key
from bench.servers.running import run_server
from bench.servers.secured import make_certificate, trusting_client
from bench.servers.vecd import vecd_spec
from bench.traffic.connection import Pool
from bench.traffic.gauges import parse_gauges
from bench.traffic.hostile.attacking import attacked
from bench.traffic.hostile.orders import Attack, Orders
from bench.traffic.messages import bearer, encode_message
from bench.traffic.polite import KINDS, Polite, Times
from bench.traffic.processes import peak_mb
from bench.traffic.target import HOST, Running

ROUNDS, SECONDS, WARM_S = 2, 2.5, 0.5
DOCUMENTS = 20_000
SCOPES = "embed,search,write,admin"
MOST_BACK_S, POLL_S = 30.0, 0.05
CROWD = DEFAULTS.max_connections + 200
# The rest of the connections is for others.
OF_ONE_ADDRESS = ("--max-connections-per-address", str(DEFAULTS.max_connections // 4))
TOLD = re.compile(r"^memory +at most ([\d,]+) MiB", re.MULTILINE)
IN_WORK = "vecd_requests_in_work"


class Case(msgspec.Struct, frozen=True):
    """An attack by so many clients; `fresh` says that the client that behaves opens a connection for each request."""

    attack: Attack
    clients: int
    keyed: bool = False
    fresh: bool = False

    @property
    def name(self) -> str:
        return f"{self.attack}, keys" if self.keyed else self.attack


KEYED: tuple[tuple[Attack, int], ...] = (("tokenizer", 8), ("texts", 8), ("filters", 6), ("bodies", 6), ("streams", 8))
CASES = (
    *(Case(attack, clients, keyed) for attack, clients in KEYED for keyed in (False, True)),
    Case("one address", CROWD, fresh=True),
    Case("many addresses", CROWD),
    Case("unread", 60),
    Case("handshakes", 64),
)
MOST_KEYED = max(clients for _, clients in KEYED)


class Setup(msgspec.Struct, frozen=True):
    """What all servers share: a file of keys and the keys in it, a folder of documents, a certificate's flags."""

    keys_file: Path
    keys: tuple[str, ...]
    dimensions: int
    documents: Path
    certificate: list[str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add_rounds(parser, ROUNDS)
    add_seconds(parser, SECONDS, "measured alone and beside, each round")
    names = ", ".join(case.name for case in CASES)
    add("--only", action="append", metavar="NAME", help=f"an attack; may be given again (default: all of {names})")
    add("--documents", type=positive, default=DOCUMENTS, metavar="N", help="that filters select from")


def measure(options: argparse.Namespace) -> Outcome:
    artifact = open_artifact(options.models, options.model)
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=FOLDER) as name:
        manifest = artifact.manifest
        cases = [case for case in CASES if options.only is None or case.name in options.only]
        setup = _set_up(Path(name), cases, manifest.dimensions)
        write_numbered(setup.documents, manifest.model_fingerprint, manifest.dimensions, options.documents)
        figures = asyncio.run(_measure(options, cases, setup))
    return Outcome(figures, render_table(figures))


def _set_up(folder: Path, cases: list[Case], dimensions: int) -> Setup:
    keys_file = folder / "keys.json"
    keyed = any(case.keyed for case in cases)
    names = [f"client-{number}" for number in range(MOST_KEYED + 1)] if keyed else []
    keys = tuple(issue_key(keys_file, name, SCOPES) for name in names)
    return Setup(keys_file, keys, dimensions, folder / "documents", make_certificate(folder))


async def _measure(options: argparse.Namespace, cases: list[Case], setup: Setup) -> BudgetFigures:
    origin, rows = origin_fields(options), dict[str, Row]()
    with open_bar("budget", len(cases), "attacks") as bar:
        for case in cases:
            row = rows[case.name] = await _measure_case(options, case, setup)
            say(f"{case.name}: {row.worst} p99 {row.ratio or 0:.1f} times, peak {row.peak_mb:.0f} MB; {row.others}")
            bar.update()
    return BudgetFigures(
        **origin,
        goal=GOAL,
        rows=rows,
        rounds=options.rounds,
        seconds=options.seconds,
        flags=given_flags(options, ("documents",)),
    )


async def _measure_case(options: argparse.Namespace, case: Case, setup: Setup) -> Row:
    alone, beside, others, back_s = Times(), Times(), Counter[str](), 0.0
    async with _run_vecd(options, case, setup) as server:
        orders = _orders(case, setup, server, options.seed)
        pool = Pool(HOST, server.port, server.spec.tls)
        client = Polite(pool, server.spec.headers, fresh=case.fresh)
        await client.ask_for(WARM_S, Times())
        for _ in range(options.rounds):
            await client.ask_for(options.seconds, alone)
            async with attacked(orders) as counts:
                await asyncio.sleep(WARM_S)
                await client.ask_for(options.seconds, beside)
            others.update(counts)
            back_s = max(back_s, await _wait_until_idle(server, pool))
        pool.close()
        assert server.pid is not None
        peak, told = peak_mb(server.pid), TOLD.search((LOGS / f"{server.spec.name}.log").read_text("utf-8"))
    waits = {kind: wait_of(alone.ms[kind], beside.ms[kind]) for kind in KINDS}
    return Row(
        clients=case.clients,
        waits=waits,
        worst=worst_of(waits),
        refused=dict(alone.refused + beside.refused),
        dropped=alone.dropped + beside.dropped,
        others=dict(sorted(others.items())),
        back_s=back_s,
        peak_mb=peak,
        told_mb=int(told[1].replace(",", "")) * 1.048576 if told is not None else None,
    )


@asynccontextmanager
async def _run_vecd(options: argparse.Namespace, case: Case, setup: Setup) -> AsyncIterator[Running]:
    """Run vecd on the disk with what the attack is about; keys, a certificate, documents."""
    keys_file = setup.keys_file if case.keyed else setup.keys_file.with_name("none.json")
    with TemporaryDirectory(dir=setup.documents.parent) as name:
        data = Path(name) / "data"
        if case.attack == "filters":
            shutil.copytree(setup.documents, data)
        flags = ["--data", str(data), "--keys", str(keys_file), "--cache-bytes", str(DEFAULTS.cache_bytes)]
        flags += OF_ONE_ADDRESS if case.fresh else ()
        flags += setup.certificate if case.attack == "handshakes" else ()
        tls = trusting_client() if case.attack == "handshakes" else None
        headers = bearer(setup.keys[-1] if case.keyed else None)
        spec = replace(vecd_spec(options, flags=flags), headers=headers, tls=tls)
        async with run_server(spec) as server:
            yield server


def _orders(case: Case, setup: Setup, server: Running, seed: int) -> Orders:
    keys = setup.keys[: case.clients] if case.keyed else ()
    return Orders(
        attack=case.attack,
        port=server.port,
        clients=case.clients,
        dimensions=setup.dimensions,
        seed=seed,
        keys=keys,
    )


async def _wait_until_idle(server: Running, pool: Pool) -> float:
    """Return how long work was left that the attack had asked for."""
    start = time.perf_counter()
    request = encode_message("GET", "/metrics", headers=server.spec.headers)
    for _ in _until(start + MOST_BACK_S):
        reply = await pool.send(request)
        gauges = parse_gauges(reply.body.decode("utf-8", "replace"), [IN_WORK])
        if reply.status == 200 and not gauges[IN_WORK]:
            break
        await asyncio.sleep(POLL_S)
    return time.perf_counter() - start


def _until(end: float) -> Iterator[None]:
    while time.perf_counter() < end:
        yield
