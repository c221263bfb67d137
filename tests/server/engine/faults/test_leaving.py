"""Clients that leave: what they held is free soon after, and nobody works for them."""

import pytest

from tests.faulty import TOKENIZER_WAITS
from tests.server.engine.faults.daemon import FaultyServer
from tests.server.polling import until

HEAD = b"POST /embed HTTP/1.1\r\nhost: vecd\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"


@pytest.mark.parametrize("rudely", [False, True])
def test_a_client_that_leaves_while_it_waits_frees_its_place_and_its_texts_are_never_run(
    one_worker: FaultyServer, *, rudely: bool
) -> None:
    texts = [f"{'rude' if rudely else 'polite'} one {i}" for i in range(5)]
    with one_worker.wires(5) as wires:
        with one_worker.busy("somebody before them"):
            for wire, text in zip(wires, texts, strict=True):
                wire.send_embed(text, f"{text} again", cache=False)
            one_worker.wait_for_active(6)
            assert one_worker.queued_tokens() > 0
            for wire in wires:
                wire.leave(rudely=rudely)
            one_worker.wait_for_active(1)
            until(lambda: one_worker.queued_tokens() == 0)
        until(one_worker.idle)
    assert not [text for text in one_worker.texts_run() if text.startswith(tuple(texts))]


def test_a_client_of_a_large_body_is_seen_to_leave(one_worker: FaultyServer) -> None:
    """uvicorn stops reading at 64 KiB."""
    texts = [f"large {i} {'x' * 2000}" for i in range(200)]
    with one_worker.wires(1) as (wire,), one_worker.busy("before the large one"):
        wire.send_embed(*texts, cache=False)
        until(lambda: one_worker.queued_tokens() > 0)
        wire.leave()
        one_worker.wait_for_active(1)
        assert one_worker.queued_tokens() == 0
    until(one_worker.idle)


def test_those_who_stay_are_answered_when_their_neighbours_leave(one_worker: FaultyServer) -> None:
    with one_worker.wires(6) as wires:
        with one_worker.busy("before the neighbours"):
            for number, wire in enumerate(wires):
                wire.send_embed(f"neighbour {number}", cache=False)
            one_worker.wait_for_active(7)
            for wire in wires[::2]:
                wire.leave()
            one_worker.wait_for_active(4)
        assert [wire.receive().status for wire in wires[1::2]] == [200] * 3
    assert not {"neighbour 0", "neighbour 2", "neighbour 4"} & set(one_worker.texts_run())


def test_a_client_that_leaves_in_the_midst_of_its_texts_has_no_more_of_them_run(one_worker: FaultyServer) -> None:
    texts = [f"left in the midst of it {i}" for i in range(1000)]
    with one_worker.wires(2) as (leaver, stayer):
        with one_worker.held():
            leaver.send_embed(*texts, cache=False)
            until(lambda: texts[0] in one_worker.texts_run())
            stayer.send_embed("the next one", cache=False)
            one_worker.wait_for_active(2)
            leaver.leave()
            one_worker.wait_for_active(1)
        assert stayer.receive().status == 200
    until(one_worker.idle)
    assert len(set(texts) & set(one_worker.texts_run())) < len(texts) / 2


def test_a_client_that_leaves_while_the_tokenizer_is_busy_frees_its_place_at_once(one_worker: FaultyServer) -> None:
    long = " and so on" * 600
    with one_worker.wires(3) as (slow, first, second):
        with one_worker.held():
            slow.send_embed(TOKENIZER_WAITS + long, cache=False)
            first.send_embed(f"gone before its turn {long}", cache=False)
            second.send_embed(f"stays for its turn {long}", cache=False)
            one_worker.wait_for_active(3)
            first.leave()
            one_worker.wait_for_active(2)
        assert [wire.receive().status for wire in (slow, second)] == [200, 200]
    assert not any(text.startswith("gone before") for text in one_worker.texts_run())


@pytest.mark.parametrize("rudely", [False, True])
@pytest.mark.parametrize("sent", [b"", HEAD[:30], HEAD, HEAD + b'{"texts": ["half of'])
def test_a_client_that_leaves_before_its_request_is_whole_leaves_nothing_behind(
    one_worker: FaultyServer, sent: bytes, *, rudely: bool
) -> None:
    until(lambda: one_worker.connections() == 0)
    ran = len(one_worker.runs())
    with one_worker.wires(3) as wires:
        for wire in wires:
            wire.send_raw(sent)
        until(lambda: one_worker.connections() == 3)
        for wire in wires:
            wire.leave(rudely=rudely)
        until(lambda: one_worker.connections() == 0)
    until(one_worker.idle)
    assert len(one_worker.runs()) == ran
