import os
import threading
from pathlib import Path

from bench.traffic.vitals import Vitals, read_vitals


def test_a_thread_and_an_open_file_more_are_seen(tmp_path: Path) -> None:
    before = read_vitals(os.getpid())
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    with (tmp_path / "file").open("w"):
        during = read_vitals(os.getpid())
    stop.set()
    thread.join()
    assert (during.threads - before.threads, during.open_files - before.open_files) == (1, 1)
    assert during.rss_mb > 10


def test_no_process_has_no_vitals() -> None:
    assert read_vitals(None) == Vitals(0, 0, 0)
