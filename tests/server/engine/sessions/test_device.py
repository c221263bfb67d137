"""Bound inputs and outputs give what the session gives; on the CPU here, by the same calls as on a GPU."""

import threading
from pathlib import Path

import numpy as np

from server.engine.sessions.device import DeviceGraph
from server.engine.sessions.session import open_graph
from tests.tiny import TINY


def test_bound_runs_of_several_threads_give_the_sessions_own_bits(tiny_models: Path) -> None:
    plain = open_graph(tiny_models / TINY / "model.int8.onnx", "cpu", 1)
    assert not isinstance(plain, DeviceGraph)
    bound = DeviceGraph(plain, "cpu")
    feeds = [{"input_ids": np.array([[2, 5 + i, 3]] * (1 + i), np.int64)} for i in range(8)]
    found: dict[int, np.ndarray] = {}

    def run(place: int) -> None:
        (found[place],) = bound.run(["sentence_embedding"], feeds[place])

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(feeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    for place, feed in enumerate(feeds):
        (expected,) = plain.run(["sentence_embedding"], feed)
        assert np.array_equal(found[place], expected)


def test_one_run_executes_while_another_waits_with_its_inputs_ready() -> None:
    class Session:
        def __init__(self) -> None:
            self.gate = threading.Event()
            self.bound = self.executing = self.most = 0

        def io_binding(self) -> "Session":
            return self

        def bind_ortvalue_input(self, name: str, value: object) -> None:
            self.bound += 1

        def bind_output(self, name: str, device: str) -> None:
            pass

        def run_with_iobinding(self, binding: object) -> None:
            self.executing += 1
            self.most = max(self.most, self.executing)
            assert self.gate.wait(20)
            self.executing -= 1

        def copy_outputs_to_cpu(self) -> list[object]:
            return [None]

    session = Session()
    graph = DeviceGraph(session, "cpu")
    feeds = {"input_ids": np.array([[2, 3]], np.int64)}
    threads = [threading.Thread(target=graph.run, args=(["out"], feeds)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(2000):
        if session.bound == 2:
            break
        threading.Event().wait(0.01)
    assert session.bound == 2
    session.gate.set()
    for thread in threads:
        thread.join(20)
    assert session.most == 1
