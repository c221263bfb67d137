"""No text, no key and no stack trace in any line of the log, nor in the body of any error, whatever is provoked.

On the way every answer is held to the document, and every status of it that can be had from outside is had.
"""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import jsonschema_rs
import numpy as np
import pytest

from index import Document, Index
from server.openapi.causes import BEFORE_ROUTING
from tests.faulty import RUN_FAILS, RUN_GIVES_NAN, TOKENIZER_PANICS, TOKENIZER_RAISES, WORKER_DIES
from tests.server.engine.faults.daemon import PATIENCE_S, FaultyServer, start_faulty
from tests.server.engine.faults.wire import Wire
from tests.server.openapi.conftest import ALL_SCOPES as EVERYTHING
from tests.server.openapi.conftest import add_key
from tests.server.openapi.daemons.provocations import (
    FOREIGN,
    KEPT,
    KEY,
    NAME,
    PLACE,
    TEXT,
    Provocation,
    Subject,
    subjects,
)
from tests.server.openapi.document import FLAGS, tiny_document
from tests.server.polling import until

DOCUMENT = tiny_document(keys_required=True)
ERROR = 400
HEAD = f"POST /embed HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer {KEY}\r\n"
AT_THE_DOOR = (
    (f"GET /{PLACE * 2000} HTTP/1.1\r\nhost: localhost\r\n\r\n", 414),
    (f"{HEAD}x-long: {NAME * 10_000}\r\n\r\n", 431),
    (f"{TEXT} {NAME} is no HTTP\r\n\r\n", 400),
    (f"{HEAD}content-length: {NAME}\r\n\r\n{TEXT}", 400),
    (f"{HEAD}transfer-encoding: chunked\r\n\r\n{TEXT}\r\n{TEXT}", 400),
    (f"{HEAD}content-length: 999999999\r\n\r\n{TEXT}", 413),
    (f"{HEAD}transfer-encoding: gzip, chunked\r\nx-name: {NAME}\r\n\r\n", 501),
    (f"GET /{PLACE} HTTP/2.0\r\nhost: localhost\r\nx-name: {NAME}\r\n\r\n", 505),
    (f"{HEAD}x-slow: {NAME}", 408),
    (f"{HEAD}content-length: 999\r\n\r\n{TEXT}", 408),
)
INSIDES = ("Traceback", ".py", "/server/", "site-packages", "Error(", "secret inside")
# They miss their collection, the default one, only while somebody drops it.
WHILE_DROPPED = {f"POST /index{action}" for action in ("", "/batch", "/delete", "/count", "/facets", "/projection")}
RUNS_FAIL = (TOKENIZER_RAISES, TOKENIZER_PANICS, RUN_FAILS, RUN_GIVES_NAN, WORKER_DIES)


class Witness:
    """Sends, and holds each answer to the document and to secrecy."""

    def __init__(self, server: FaultyServer, keys: dict[str, str]) -> None:
        self.server, self.keys = server, keys
        self.client = httpx.Client(base_url=server.running.url, timeout=60)
        self.seen: dict[str, set[int]] = {}

    def ask(self, subject: Subject, asked: Provocation, scopes: str = EVERYTHING) -> int:
        headers = {"authorization": f"Bearer {self.keys[scopes]}", **asked.headers}
        if scopes == "none":
            del headers["authorization"]
        answer = self.client.request(asked.method, asked.path, content=asked.body, headers=headers)
        if answer.status_code >= ERROR:
            self.check_body(answer.text)
        path = asked.path.partition("?")[0]
        if asked.method == subject.method and (PLACE not in path or "{" in subject.template):
            self.seen.setdefault(subject.name, set()).add(answer.status_code)
            self.check_answer(subject, answer)
        return answer.status_code

    def ask_rightly(self, subject: Subject, scopes: str = EVERYTHING) -> int:
        """Ask for what is there: the document that the last request may have deleted is put before."""
        kept = {"id": KEPT, "text": KEPT}
        headers = {"authorization": f"Bearer {self.keys[EVERYTHING]}"}
        self.client.post("/index", json=kept, headers=headers).raise_for_status()
        return self.ask(subject, subject.request(), scopes)

    def check_body(self, body: str) -> None:
        for secret in (TEXT, KEY, *INSIDES, *self.secrets()):
            assert secret not in body, body

    def check_answer(self, subject: Subject, answer: httpx.Response) -> None:
        documented = subject.operation["responses"]
        assert str(answer.status_code) in documented, (subject.name, answer.status_code, answer.text)
        content = documented[str(answer.status_code)].get("content", {})
        media = answer.headers["content-type"].partition(";")[0]
        if content and answer.content:
            assert media in content, (subject.name, answer.status_code, media)
            if media.endswith("json"):
                schema = {"components": DOCUMENT["components"], **content[media]["schema"]}
                jsonschema_rs.validate(schema, json.loads(answer.content))

    def secrets(self) -> Iterator[str]:
        yield from (key.rpartition("_")[2] for key in self.keys.values() if key)

    def check_log(self) -> None:
        lines = self.server.log().splitlines()
        assert lines
        for line in lines:
            for secret in (TEXT, NAME, KEY, *self.secrets()):
                assert secret not in line, line
        assert any(PLACE in line for line in lines), "paths are logged"


@pytest.fixture(params=["json", "text"])
def witness(request: pytest.FixtureRequest, tiny_models: Path, tmp_path: Path) -> Iterator[Witness]:
    yield from watch(tiny_models, tmp_path, request.param)


def watch(models: Path, folder: Path, log_format: str, *more: str) -> Iterator[Witness]:
    file = folder / "keys.json"
    keys = {scopes: add_key(file, scopes) for scopes in (EVERYTHING, "search", "embed")} | {"none": ""}
    leave_foreign(folder / "data")
    hurry = ("--header-timeout-s", "1", "--body-timeout-s", "1")
    said = ("--log-level", "debug", "--access-log", "--log-format", log_format)
    given = ("--cores", "1", "--keys", str(file), "--data", str(folder / "data"))
    with start_faulty(models, folder, *given, *said, *hurry, *FLAGS, *more) as server:
        witness = Witness(server, keys)
        with witness.client:
            yield witness


def leave_foreign(folder: Path) -> None:
    """Leave a collection with another model's vectors."""
    index = Index(folder, "another model", 2)
    index.create(FOREIGN).put(Document(KEPT, KEPT, {}, np.array([1, 0], np.float32))).result()
    index.close()


def test_whatever_is_wrong_nobody_is_told_what_was_sent(witness: Witness) -> None:
    for subject in subjects(DOCUMENT):
        for scopes in witness.keys:
            witness.ask_rightly(subject, scopes)
        for asked in subject.wrong():
            witness.ask(subject, asked)
    fail_inside(witness)
    come_too_late(witness)
    refuse_at_the_door(witness)
    for subject in subjects(DOCUMENT):
        assert witness.seen[subject.name] >= expected(subject), (subject.name, witness.seen[subject.name])
    witness.check_log()


def fail_inside(witness: Witness) -> None:
    """Have texts fail in the tokenizer and in the model, and workers die."""
    for subject in subjects(DOCUMENT):
        for word in RUNS_FAIL if subject.embeds else ():
            assert witness.ask(subject, subject.request(f"{word} {TEXT}")) >= 424
            until(lambda: witness.client.get("/health/ready").is_success)
            assert witness.ask(subject, subject.request()) == 200  # too many failures in a row would end the daemon


def come_too_late(witness: Witness) -> None:
    """Give requests less time than they need: the only worker is held in the midst of another one."""
    server, busy = witness.server, "busy with this"
    with Wire(server.address) as wire, server.held():
        wire.send_embed(busy, headers={"authorization": f"Bearer {witness.keys[EVERYTHING]}"})
        until(lambda: busy in server.texts_run())
        for subject in subjects(DOCUMENT):
            if subject.embeds:
                assert witness.ask(subject, subject.request(**{"x-request-timeout-ms": "40"})) in {429, 504}


def refuse_at_the_door(witness: Witness) -> None:
    """Send what never becomes a request: the answer is the document's for that status, and says nothing of it."""
    for sent, status in AT_THE_DOOR:
        with socket.create_connection(witness.server.address, timeout=PATIENCE_S) as wire:
            # Without a key the body would not be waited for.
            wire.sendall(sent.replace(KEY, witness.keys[EVERYTHING] if status == 408 else KEY).encode())
            head, _, body = b"".join(iter(lambda: wire.recv(65536), b"")).decode().partition("\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} "), (status, head)
        assert "\r\ncontent-type: application/problem+json" in head
        witness.check_body(head + body)
        content = DOCUMENT["components"]["responses"][str(status)]["content"]["application/problem+json"]
        jsonschema_rs.validate({"components": DOCUMENT["components"], **content["schema"]}, json.loads(body))
    assert {status for _, status in AT_THE_DOOR} == {status.value for status in BEFORE_ROUTING} - {503}


def expected(subject: Subject) -> set[int]:
    """Return the documented statuses that can be had here: not those of the door alone, nor of our own bugs."""
    documented = {int(status) for status in subject.operation["responses"]}
    hard = {429, 507, *(status.value for status in BEFORE_ROUTING)} - {400, 413}
    hard |= set() if subject.in_collection else {409}
    hard |= {404} if subject.name in WHILE_DROPPED else set()
    hard |= set() if subject.embeds else {424, 500, 504}
    hard -= {503} if subject.embeds else set()
    if subject.schema is None:
        hard |= {413}
    hard |= set() if subject.tells(400) else {400}
    return documented - hard


@pytest.fixture
def stingy(tiny_models: Path, tmp_path: Path) -> Iterator[Witness]:
    yield from watch(tiny_models, tmp_path, "json", "--requests-per-minute", "1")


def test_who_has_had_its_share_is_told_so_and_nothing_else(stingy: Witness) -> None:
    limited = [subject for subject in subjects(DOCUMENT) if "429" in subject.operation["responses"]]
    assert stingy.ask(limited[0], limited[0].request()) == 200
    for subject in limited:
        assert stingy.ask(subject, subject.request()) == 429
    for line in stingy.server.log().splitlines():
        assert TEXT not in line


def test_a_canary_that_is_told_is_noticed(stingy: Witness) -> None:
    with pytest.raises(AssertionError):
        stingy.check_body(f"the text {TEXT} is wrong")
