"""search: what is found is shown with its place and the part that answers, and steers no terminal."""

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.index.commands.fake_server import Answer, FakeServer, fake_server
from tests.index.commands.running import command, run

HITS: list[dict[str, Any]] = [
    {
        "id": "/home/ann/notes/a.md",
        "score": 0.87654,
        "metadata": {"title": "The boiler", "path": "house/a.md"},
        "snippet": {
            "text": "It is serviced\n\n  in\tMay.",
            "start": 20,
            "end": 44,
            "marks": [{"start": 6, "end": 14}, {"start": 21, "end": 24}],
        },
    },
    {"id": "bare", "score": 0.5, "metadata": {}},
]


def ask(server: FakeServer, *arguments: object) -> int:
    return run("search", *arguments, "--url", server.url)


def on_terminal(server: FakeServer, **environment: str) -> bytes:
    """What a terminal gets."""
    ours, its = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    line = command("search", "boiler", "--url", server.url)
    subprocess.run(line, stdin=its, stdout=its, stderr=its, check=True, timeout=60, env={**kept, **environment})
    os.close(its)
    seen = b""
    try:
        while piece := os.read(ours, 10_000):
            seen += piece
    except OSError:  # the terminal has ended
        pass
    os.close(ours)
    return seen


def test_hits_are_shown_with_rank_score_title_path_and_snippet(capsys: pytest.CaptureFixture[str]) -> None:
    with fake_server() as server:
        server.found = HITS
        assert ask(server, "when is the boiler serviced?", "--collection", "notes") == 0
        (asked,) = server.asked
        assert (asked.method, asked.path) == ("POST", "/collections/notes/search")
        assert json.loads(asked.body) == {
            "query": "when is the boiler serviced?",
            "mode": "hybrid",
            "top_k": 10,
            "threshold": -1,
            "fields": ["id", "metadata", "score"],
            "snippet": True,
        }
    assert capsys.readouterr().out.splitlines() == [
        " 1  0.877  The boiler  house/a.md",
        "    It is serviced",
        "    in May.",
        " 2  0.500  bare",
    ]


def test_what_is_asked_for_is_what_the_server_is_asked() -> None:
    with fake_server() as server:
        found = '{"path": {"$prefix": "house/"}}'
        assert ask(server, "x", "--mode", "text", "--top-k", 3, "--filter", found) == 0
        body = json.loads(server.asked[0].body)
        assert (body["mode"], body["top_k"], body["filter"]) == ("text", 3, json.loads(found))


def test_marks_are_bold_on_a_terminal_unless_colours_are_not_wanted() -> None:
    with fake_server() as server:
        server.found = HITS
        seen = on_terminal(server)
        assert b"It is \x1b[1mserviced\x1b[22m\r\n" in seen
        assert b"    in \x1b[1mMay\x1b[22m.\r\n" in seen
        assert on_terminal(server, NO_COLOR="1").count(b"\x1b[1m") == 0
        assert on_terminal(server, NO_COLOR="").count(b"\x1b[1m") == 2


def test_hostile_texts_do_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m"
    hit = {
        "id": evil,
        "score": 1.0,
        "metadata": {"title": evil, "path": f"a\n{evil}"},
        "snippet": {"text": f"{evil} boiler", "start": 0, "end": 9, "marks": [{"start": -5, "end": 10**9}]},
    }
    with fake_server() as server:
        server.found = [hit, {"id": evil, "score": 0.1, "metadata": {"title": 7, "path": ""}}]
        seen = on_terminal(server).decode()
        bare = seen.replace("\x1b[1m", "").replace("\x1b[22m", "").replace("\x1b[A", "").replace("\x1b[K", "")
        assert all(letter.isprintable() or letter in "\r\n" for letter in bare)
        assert "boiler" in bare
        capsys.readouterr()
        assert ask(server, "x", "--json") == 0
    out = capsys.readouterr().out
    assert all(letter.isprintable() or letter == "\n" for letter in out)
    assert json.loads(out)[0]["metadata"]["title"] == evil


def test_json_is_what_the_server_says(capsys: pytest.CaptureFixture[str]) -> None:
    with fake_server() as server:
        server.found = [*HITS, {"id": "東京 🎉 \U000e0001", "score": 0.25, "metadata": {}}]
        assert ask(server, "x", "--json") == 0
        assert json.loads(capsys.readouterr().out) == server.found


def test_nothing_found_is_said_beside_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with fake_server() as server:
        assert ask(server, "x", "--collection", "notes") == 0
        output = capsys.readouterr()
        assert (output.out, output.err) == ("", "nothing found in the collection 'notes'\n")
        assert ask(server, "x", "--json") == 0
        assert capsys.readouterr().out == "[]\n"


@pytest.mark.parametrize("found", ["[1]", "{broken", "7", '{"a": "' + "[" * 5_000])
def test_a_filter_that_is_no_object_is_told_before_anything_is_asked(
    found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_server() as server:
        assert ask(server, "x", "--filter", found) == 1
        assert server.asked == []
    assert "--filter is no JSON object" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(400, {"detail": "top_k is at most 1000"}), "answers 400: top_k is at most 1000"),
        (Answer(404, {"detail": "no collection"}), "`import --create` makes one"),
        (Answer(401, {"detail": "no key"}), "--key-file"),
        (Answer(200, {"detail": "odd"}), "not as a server of vecd does"),
        (Answer(200, [{"id": 1}]), "not as a server of vecd does"),
    ],
)
def test_what_the_server_refuses_is_told(answer: Answer, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with fake_server(answer) as server:
        assert ask(server, "x") == 1
    assert told in capsys.readouterr().err


def test_a_question_that_is_no_text_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with fake_server() as server:
        assert ask(server, os.fsdecode(b"caf\xe9")) == 1
    assert "is not UTF-8" in capsys.readouterr().err
