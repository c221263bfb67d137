import os
import threading
from pathlib import Path

from bench.traffic.processes import Resources, read_resources


def test_a_thread_and_an_open_file_more_are_seen(tmp_path: Path) -> None:
    before = read_resources(os.getpid())
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    with (tmp_path / "file").open("w"):
        during = read_resources(os.getpid())
    stop.set()
    thread.join()
    assert (during.threads - before.threads, during.open_files - before.open_files) == (1, 1)
    assert during.rss_mb > 10


def test_no_process_has_no_resources() -> None:
    assert read_resources(None) == Resources(0, 0, 0)
