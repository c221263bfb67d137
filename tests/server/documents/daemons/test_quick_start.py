"""What the README promises: documents are found by what they mean, deleted ones are not, a restart changes nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.running import start_server
from tests.server.documents.daemons.asking import Asker

pytestmark = pytest.mark.e2e

PYTHON = {"id": "py", "text": "Python is a programming language", "metadata": {"year": 1991, "typed": False}}
ERLANG = {"id": "erl", "text": "Erlang is great for concurrent systems", "metadata": {"year": 1986}}
NEURAL = {"id": "ml", "text": "Machine learning uses neural networks", "metadata": {"topic": "science"}}


def hits(asker: Asker, **search: Any) -> list[dict[str, Any]]:
    answer = asker.ask("POST", "/search", {"query": "programming languages"} | search)
    assert answer.status == 200, answer
    found: list[dict[str, Any]] = answer.body
    return found


def ids(asker: Asker, **search: Any) -> list[str]:
    return [hit["id"] for hit in hits(asker, **search)]


def test_documents_are_found_deleted_and_still_so_after_a_restart(tmp_path: Path) -> None:
    with start_server("--data", str(tmp_path)) as server:
        with Asker(server.host, server.port) as asker:
            assert asker.ask("POST", "/index", PYTHON).body == {"indexed": "py"}
            assert asker.ask("POST", "/index/batch", {"documents": [ERLANG, NEURAL]}).body == {"indexed": 2}
            (alone,) = hits(asker)  # above the threshold that nobody chose
            assert alone["score"] > 0.5
            assert alone == PYTHON | {"score": alone["score"]}
            everyone = ids(asker, threshold=-1)
            assert everyone[0] == "py"
            assert set(everyone) == {"py", "erl", "ml"}
            assert ids(asker, threshold=-1, filter={"year": {"$lt": 1990}}) == ["erl"]
            assert ids(asker, query="concurrent", mode="text") == ["erl"]
            assert asker.ask("DELETE", "/index/py").body == {"deleted": "py"}
            assert asker.ask("GET", "/index/py").status == 404
            assert ids(asker) == []
        assert server.terminate() == 0
    with start_server("--data", str(tmp_path)) as server, Asker(server.host, server.port) as asker:
        assert asker.ask("GET", "/stats").body["index"]["documents"] == 2
        assert ids(asker) == []
        assert set(ids(asker, threshold=-1)) == {"erl", "ml"}
        assert asker.ask("GET", "/index/erl").body == ERLANG
        assert asker.ask("POST", "/index", PYTHON).body == {"indexed": "py"}
        assert ids(asker) == ["py"]


def test_what_the_threshold_of_default_takes_is_told_and_a_collection_of_ones_own_has_none(tmp_path: Path) -> None:
    documents = {"documents": [PYTHON | {"metadata": None}, ERLANG, NEURAL]}
    with start_server("--data", str(tmp_path)) as server, server.client() as client:
        client.put("/collections/own").raise_for_status()
        for place, found, below in (("", 1, "2"), ("/collections/own", 3, None)):
            assert client.post(f"{place}/index/batch", json=documents).json() == {"indexed": 3}
            answer = client.post(f"{place}/search", json={"query": "programming languages"})
            assert answer.json()[0]["metadata"] == {}
            assert len(answer.json()) == found
            assert answer.headers.get("x-hits-below-threshold") == below
            given = client.post(f"{place}/search", json={"query": "programming languages", "threshold": 0.5})
            assert len(given.json()) == 1
            assert "x-hits-below-threshold" not in given.headers
