"""A server killed again and again under its clients; what comes of it is one history, checked as a whole."""

import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from tests.index.linearizability.checker import Fault, check
from tests.index.linearizability.clients import GROUPS, Client, told
from tests.index.linearizability.history import Operation
from tests.running import RunningServer, launch_module, started
from tests.server.documents.daemons.asking import Asker, encoded
from tests.tiny import TINY

CLIENTS = 8
LEAST_S, MOST_S = 0.2, 1.5  # from the first request of a round to the kill


class Plan(msgspec.Struct, frozen=True):
    """`module` is run as the server, with `arguments` after the usual ones; it is killed `kills` times at least."""

    models: Path
    data: Path
    seconds: float
    seed: int
    module: str = "server"
    arguments: tuple[str, ...] = ()
    kills: int = 1


class Figures(msgspec.Struct):
    """What was asked and how often, how many were cut off by `kills`, and what is wrong."""

    kills: int = 0
    asked: Counter[str] = msgspec.field(default_factory=Counter)
    cut_off: Counter[str] = msgspec.field(default_factory=Counter)
    faults: list[Fault] = []
    refused: list[str] = []

    @property
    def clean(self) -> bool:
        return not (self.faults or self.refused)

    def __str__(self) -> str:
        rows = "\n".join(f"  {kind:<8} {count:>7,} {self.cut_off[kind]:>7,}" for kind, count in self.asked.items())
        return f"{self.kills} kills; operations, and those that a kill cut off:\n{rows}\n{len(self.faults)} faults"


def run(plan: Plan, report: Callable[[str], None] = lambda line: None) -> Figures:
    """Kill the server under its clients, again and again; read all documents in the end, and check the history."""
    random_, end_s = random.Random(plan.seed), time.monotonic() + plan.seconds
    clients = [Client(number, plan.seed) for number in range(CLIENTS)]
    figures = Figures()
    while figures.kills < plan.kills or time.monotonic() < end_s:
        if any(one.refused for one in clients):
            break
        with serving(plan) as server:
            ask_until_killed(server, clients, random_.uniform(LEAST_S, MOST_S))
        figures.kills += 1
        report(f"{figures.kills} kills, {sum(len(one.operations) for one in clients):,} operations")
    with serving(plan) as server:
        last = read_all(server)
    history = [*last, *(operation for one in clients for operation in one.operations)]
    for operation in history:
        figures.asked[operation.kind] += 1
        figures.cut_off[operation.kind] += not operation.known
    figures.faults, figures.refused = check(history), [line for one in clients for line in one.refused]
    return figures


def serving(plan: Plan) -> AbstractContextManager[RunningServer]:
    own = ("--port", "0", "--models", str(plan.models), "--model", TINY, "--cores", "1", "--data", str(plan.data))
    return started(launch_module(plan.module, (*own, *plan.arguments), {}, subprocess.PIPE))


def ask_until_killed(server: RunningServer, clients: list[Client], after_s: float) -> None:
    threads = [threading.Thread(target=one.ask, args=(server.host, server.port)) for one in clients]
    for thread in threads:
        thread.start()
    time.sleep(after_s)
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    ended_ns = time.monotonic_ns()
    for thread in threads:
        thread.join()
    for one in clients:
        one.end(ended_ns)


def read_all(server: RunningServer) -> list[Operation]:
    """Read every document by itself."""
    found = []
    with Asker(server.host, server.port) as asker:
        for id_ in (id_ for group in GROUPS for id_ in group):
            began_ns = time.monotonic_ns()
            call = ("GET", f"/index/{encoded(id_)}", None)
            answer = asker.ask(*call)
            one = Operation("read", (id_,), began_ns, time.monotonic_ns(), client=-1)
            found.append(msgspec.structs.replace(one, result=told(call, one, answer)))
    return found
