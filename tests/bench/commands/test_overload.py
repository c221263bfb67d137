from pathlib import Path

import msgspec
import pytest

from bench.__main__ import main
from bench.commands.overload import summarize_memory
from bench.traffic.sampling import Sample


def test_memory_is_told_from_the_end_of_the_warm_time_on() -> None:
    samples = [Sample(0.0, 100.0), Sample(1.0, 150.0), Sample(2.0, 190.0), Sample(3.0, 170.0)]
    assert summarize_memory(samples, 0.5) == {"after_warm": 150.0, "last": 170.0, "most": 190.0}


@pytest.mark.e2e
def test_more_than_the_real_model_can_do_is_offered_and_every_request_is_accounted_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "overload.json"
    short = ["--seconds", "2", "--warm-seconds", "0.5"]
    assert main(["overload", *short, "--json", str(file)]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    assert figures["offered_texts_per_s"] == pytest.approx(2 * figures["best_texts_per_s"][0])
    asked = sum(figures["statuses"].values()) + sum(figures["other_errors"].values())
    assert asked == pytest.approx(2 * figures["offered_texts_per_s"] / 32, abs=2)
    assert figures["statuses"]["200"] == figures["accepted"]["requests"] > 0
    assert figures["retry_after"]["refused"] == figures["statuses"].get("429", 0)
    # Wide bounds: a test's machine may be busy.
    assert 0.2 < figures["accepted_of_best"] < 2
    assert figures["rss_mb"]["most"] >= figures["rss_mb"]["after_warm"] > 50
    assert figures["flags"] == {"--times": "2", "--warm-seconds": "0.5", "--deadline-ms": "10000"}
    assert "accepted of the best" in capsys.readouterr().out
