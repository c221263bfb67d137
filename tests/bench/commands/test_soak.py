from pathlib import Path

import msgspec
import pytest

from bench.__main__ import main
from bench.commands.soak import tabulate_resources
from bench.traffic.processes import Resources
from bench.traffic.sampling import Sample


def test_every_resource_stands_at_every_moment_and_at_its_most() -> None:
    samples = [Sample(1.0, Resources(110.0, 9, 30)), Sample(2.0, Resources(130.0, 7, 25))]
    table = tabulate_resources(Resources(100.0, 6, 14), Resources(110.0, 9, 30), Resources(105.0, 6, 15), samples)
    assert table["rss_mb"] == {"start": 100, "after_a_minute": 110, "most": 130, "end": 105}
    assert table["threads"] == {"start": 6, "after_a_minute": 9, "most": 9, "end": 6}
    assert table["open_files"]["end"] == 15


@pytest.mark.e2e
def test_a_short_soak_of_the_real_model_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "soak.json"
    assert main(["soak", "--minutes", "0.1", "--json", str(file)]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    assert figures["unexpected"] == {}
    assert figures["same_bits"] is figures["ready"] is True
    assert figures["vitals"]["open_files"]["end"] <= figures["vitals"]["open_files"]["start"]
    assert figures["vitals"]["rss_mb"]["start"] > 50
    assert sum(figures["steps"].values()) == sum(figures["statuses"].values()) > 100
    assert figures["statuses"].keys() >= {"200", "400", "left"}
    assert "unexpected: nothing" in capsys.readouterr().out
