"""How much memory a served process takes, at its highest."""

import random
import re
from pathlib import Path

import numpy as np
import pytest

from tests.running import start_server

pytestmark = pytest.mark.e2e

STATUS = Path("/proc/self/status")
TEXTS, TEXTS_PER_REQUEST, PEAK_MB = 10_000, 250, 300


@pytest.mark.skipif(not STATUS.exists(), reason="needs /proc")
def test_ten_thousand_texts_of_random_lengths_take_less_than_300_mb() -> None:
    rng = random.Random(7)
    words = ["ferry", "lentils", "harbour", "quarterly", "SIGSEGV", "Σ", "42", "dishwasher", "of", "the"]
    with start_server() as server, server.client() as client:
        for _ in range(TEXTS // TEXTS_PER_REQUEST):
            lengths = [int(rng.paretovariate(0.9)) % 220 + 1 for _ in range(TEXTS_PER_REQUEST)]
            texts = [" ".join(rng.choices(words, k=length)) for length in lengths]
            answer = client.post("/embed", json={"texts": texts})
            assert answer.status_code == 200, answer.text
            assert np.isfinite(np.array(answer.json()["embeddings"][0])).all()
        status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    assert int(found[1]) / 1000 < PEAK_MB
