"""A server killed under its writers: whatever it had answered is there after the next start, and can be found.

A document of many passages is there with all of them, or not at all.
"""

import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.running import RunningServer, clean_environment, launch, start_server
from tests.server.documents.daemons.asking import Asker, encoded
from tests.server.documents.daemons.writing import LONG_OPERATIONS, Client, Told
from tests.tiny import TINY

pytestmark = pytest.mark.e2e

KILLS, CLIENTS, LONG_CLIENTS = 10, 4, 2
LOOKED_FOR = 10
LONG_CHARACTERS = 100


def test_a_killed_server_has_lost_nothing_that_it_answered(tiny_models: Path, tmp_path: Path) -> None:
    arguments = ("--models", str(tiny_models), "--model", TINY, "--data", str(tmp_path))
    random_ = random.Random(1)
    clients = [Client(number) for number in range(CLIENTS)]
    clients += [Client(CLIENTS + number, LONG_OPERATIONS) for number in range(LONG_CLIENTS)]
    cut_off: Counter[str] = Counter()
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
        cut_off.update(one.doubtful.kind for one in clients if one.doubtful is not None)
        if kill % 2:
            kill_while_it_starts(arguments, random_)
        else:
            check_files(tmp_path)
    with start_server(*arguments) as server:
        check(server, clients, random_)
    answered = [one.answered for one in clients]
    assert min(answered[:CLIENTS]) > 5 * KILLS, answered
    assert min(answered[CLIENTS:]) > 0, answered
    assert {"long", "long_lines"} <= set(cut_off), f"each had its answer when its server was killed, but for {cut_off}"


def check_files(data: Path) -> None:
    """Have doctor look at all that a killed server has left."""
    command = [sys.executable, "-m", "index", "doctor", str(data)]
    doctor = subprocess.run(command, capture_output=True, text=True, check=False, env=clean_environment())
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr


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
            stored = asker.ask("GET", f"/index/{encoded(id_)}?include_vector=true&include_passages=true").body
            vector = random_.choice(stored["passages"])["vector"]
            for search in (by_words, by_filter, {"vector": vector, "threshold": 0.9999}):
                hits = asker.ask("POST", "/search", search).body
                assert id_ in [hit["id"] for hit in hits], (search, hits)


def listed(asker: Asker) -> dict[str, Told]:
    """Return all documents; each has all its passages."""
    found: dict[str, Told] = {}
    after = ""
    while True:
        page = asker.ask("GET", f"/index?limit=1000&include_passages=true{after}").body
        for one in page["documents"]:
            check_covered(one["text"], one.pop("passages"))
            found[one["id"]] = one
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


def check_covered(text: str, passages: list[dict[str, int]]) -> None:
    covered = 0
    for one in passages:
        assert one["start"] <= covered < one["end"]
        covered = one["end"]
    assert covered == len(text)
    assert (len(passages) > 1) == (len(text) > LONG_CHARACTERS)
