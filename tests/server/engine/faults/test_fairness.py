"""Large and small requests, busy and quiet clients: nobody waits for the whole of somebody else's work."""

import pytest

from tests.server.engine.faults.daemon import FaultyServer
from tests.server.engine.faults.wire import Wire, ask
from tests.server.polling import until

LARGE = [f"one of very many {i}" for i in range(2000)]


@pytest.mark.parametrize("normalize", [True, False])
def test_small_requests_run_long_before_a_large_one_that_came_first_is_done(
    faulty: FaultyServer, *, normalize: bool
) -> None:
    small = [f"small {i}" for i in range(20)]
    with faulty.wires(1 + len(small)) as (large_wire, *wires):
        before = len(faulty.runs())
        with faulty.held():
            large_wire.send_embed(*LARGE, cache=False)
            until(lambda: len(faulty.runs()) == before + 2)
            for wire, text in zip(wires, small, strict=True):
                wire.send_embed(text, cache=False, normalize=normalize)
            faulty.wait_for_active(1 + len(small))
        rows = [wire.receive().embeddings()[0] for wire in wires]
        large_rows = large_wire.receive().embeddings()
    runs = faulty.runs()[before:]
    order = [text for run in runs for text in run.texts]
    assert sorted(order) == sorted([*LARGE, *small])
    assert max(order.index(text) for text in small) < len(order) / 2
    assert len({run.thread for run in runs if set(run.texts) & set(LARGE)}) == 2
    expected = [ask(faulty.address, text, cache=False, normalize=normalize).embeddings()[0] for text in small]
    assert rows == expected
    assert large_rows[::500] == ask(faulty.address, *LARGE[::500], cache=False).embeddings()


def test_a_quiet_client_does_not_wait_for_all_that_a_busy_one_asks(faulty: FaultyServer) -> None:
    busy = [[f"the busy one {number} {i}" for i in range(50)] for number in range(30)]
    quiet = [f"the quiet one {i}" for i in range(50)]
    before = len(faulty.runs())
    with faulty.wires(len(busy)) as wires, Wire(faulty.address, "127.0.0.2") as other:
        with faulty.held():
            for wire, texts in zip(wires, busy, strict=True):
                wire.send_embed(*texts, cache=False)
            faulty.wait_for_active(len(busy))
            other.send_embed(*quiet, cache=False)
            faulty.wait_for_active(len(busy) + 1)
        assert [wire.receive().status for wire in (other, *wires)] == [200] * (len(busy) + 1)
    order = [text for run in faulty.runs()[before:] for text in run.texts]
    assert max(order.index(text) for text in quiet) < len(order) / 2
