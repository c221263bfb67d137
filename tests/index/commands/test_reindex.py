"""reindex: shows how far the server is, and tells what became of it."""

import signal
import subprocess

import pytest

from tests.index.commands.fake_server import Answer, fake_server
from tests.index.commands.running import command, run


def state(state: str, done: int | None = None, error: str | None = None, status: int = 200) -> Answer:
    progress = None if done is None else {"documents": 9, "done": done, "error": error}
    return Answer(status, {"name": "default", "documents": 9, "state": state, "reindex": progress})


def test_it_is_shown_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    with fake_server(state("reindexing", 0, status=202), state("reindexing", 5), state("ready")) as server:
        assert run("reindex", "--url", server.url) == 0
        assert [(one.method, one.path) for one in server.asked] == [
            ("POST", "/collections/default/reindex"),
            ("GET", "/collections/default"),
            ("GET", "/collections/default"),
        ]
    assert capsys.readouterr().out == "default: 9 documents, all vectors are the present model's\n"


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (state("foreign", 5, "the disk is full"), "5 of 9 documents are done: the disk is full; go on with python"),
        (
            state("foreign", 5),
            "5 of 9 documents are done: the server stopped doing it, and the collection is foreign; go on",
        ),
        (state("foreign"), "0 of 9 documents are done"),
        (state("failed"), "the collection is failed"),
        (Answer(404, {"detail": "no such collection"}), "404: no such collection"),
        (Answer(200, ["what"]), "not as a server of vecd does"),
    ],
)
def test_what_stopped_it_is_told(capsys: pytest.CaptureFixture[str], last: Answer, told: str) -> None:
    with fake_server(state("reindexing", 0, status=202), last) as server:
        assert run("reindex", "--url", server.url) == 1
    assert told in capsys.readouterr().err


@pytest.mark.e2e
def test_a_server_that_restarts_is_waited_for() -> None:
    with fake_server(state("reindexing", 0, status=202), Answer(leave=True), state("ready")) as server:
        assert run("reindex", "--url", server.url) == 0


@pytest.mark.e2e
def test_interrupted_it_leaves_the_server_going_on() -> None:
    with (
        fake_server(*(state("reindexing", 5) for _ in range(1000))) as server,
        subprocess.Popen(command("reindex", "--url", server.url), stderr=subprocess.PIPE, text=True) as process,
    ):
        while len(server.asked) < 2:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 130
    assert "the server goes on; python -m index reindex --url" in told
    assert "Traceback" not in told
