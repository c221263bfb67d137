"""A server killed under its writers: whatever it had answered is there after the next start, and can be found."""

import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.running import RunningServer, launch, start_server
from tests.server.documents.daemons.asking import Asker, encoded
from tests.server.documents.daemons.writing import Client, Told
from tests.tiny import TINY

pytestmark = pytest.mark.e2e

KILLS, CLIENTS = 6, 4
LOOKED_FOR = 10


def test_a_killed_server_has_lost_nothing_that_it_answered(tiny_models: Path, tmp_path: Path) -> None:
    arguments = ("--models", str(tiny_models), "--model", TINY, "--data", str(tmp_path))
    random_ = random.Random(1)
    clients = [Client(number) for number in range(CLIENTS)]
    doubtful = 0
    for kill in range(KILLS):
        with start_server(*arguments) as server:
            check(server, clients, random_)
            threads = [threading.Thread(target=one.write, args=(server.host, server.port)) for one in clients]
            for thread in threads:
                thread.start()
            time.sleep(random_.uniform(0.2, 1.5))
            server.process.kill()
            for thread in threads:
                thread.join()
        assert [line for one in clients for line in one.refused] == []
        doubtful += sum(one.doubtful is not None for one in clients)
        if kill % 2:
            kill_while_it_starts(arguments, random_)
    with start_server(*arguments) as server:
        check(server, clients, random_)
    assert all(one.answered > 5 * KILLS for one in clients), [one.answered for one in clients]
    assert doubtful > 0, "every client had its answer when its server was killed"


def kill_while_it_starts(arguments: tuple[str, ...], random_: random.Random) -> None:
    with launch("--port", "0", *arguments) as process:
        time.sleep(random_.uniform(0.5, 3))
        process.kill()
        process.communicate()


def check(server: RunningServer, clients: list[Client], random_: random.Random) -> None:
    """Hold all that is there to what every client knows, and look for some of it in every way."""
    with Asker(server.host, server.port) as asker:
        documents = listed(asker)
        assert [wrong for one in clients for wrong in one.check(documents)] == []
        assert set(documents) <= {id_ for one in clients for id_ in one.ids}
        assert asker.ask("GET", "/stats").body["index"]["documents"] == len(documents)
        for id_ in random_.sample(sorted(documents), min(LOOKED_FOR, len(documents))):
            one: Any = documents[id_]
            by_words = {"query": one["text"].split()[0], "mode": "text"}
            by_filter = {"query": one["text"], "filter": {"seed": one["metadata"]["seed"]}, "threshold": -1}
            vector = asker.ask("GET", f"/index/{encoded(id_)}?include_vector=true").body["vector"]
            for search in (by_words, by_filter, {"vector": vector, "threshold": 0.9999}):
                hits = asker.ask("POST", "/search", search).body
                assert id_ in [hit["id"] for hit in hits], (search, hits)


def listed(asker: Asker) -> dict[str, Told]:
    found: dict[str, Told] = {}
    target = "/index?limit=1000"
    while True:
        page = asker.ask("GET", target).body
        found |= {one["id"]: one for one in page["documents"]}
        if page["next"] is None:
            return found
        target = f"/index?limit=1000&after={page['next']}"
