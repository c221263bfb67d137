"""`bench ingest` on the tiny model: every way is loaded in every round, and what was sent is in the index."""

from pathlib import Path

import msgspec
import pytest

from bench.__main__ import main
from bench.commands.ingest import BATCHES, EMBED, STREAM
from tests.tiny import TINY


@pytest.mark.e2e
def test_every_way_is_loaded_in_every_round(
    tiny_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ingest.json"
    arguments = ["--models", str(tiny_models), "--model", TINY, "--json", str(file)]
    assert main(["ingest", "--rounds", "2", "--passages", "70", "--sentences", "130", *arguments]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    for kind in ("passages", "sentences"):
        assert figures["texts_per_s"][kind].keys() == {EMBED, BATCHES, STREAM}
        assert all(len(values) == 2 and min(values) > 0 for values in figures["texts_per_s"][kind].values())
        assert figures["share_of_embed"][kind].keys() == {BATCHES, STREAM}
    assert figures["documents"] == 2 * 2 * (70 + 130)
    assert figures["goals"] == {"passages": 0.8, "sentences": 0.5}
    assert "goal" in capsys.readouterr().out
