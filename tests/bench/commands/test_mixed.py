"""`bench mixed` on the real model: both parts measure what they say."""

from pathlib import Path

import msgspec
import pytest

from bench.__main__ import main

pytestmark = pytest.mark.e2e


def test_padding_and_waiting_beside_long_texts_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mixed.json"
    short = ["--rounds", "1", "--seconds", "2", "--warm-seconds", "0.3", "--texts", "100"]
    assert main(["mixed", *short, "--json", str(file)]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    padding, company = figures["padding"], figures["company"]
    assert padding["padding_share"]["vecd"] == 0
    assert 0.1 < padding["padding_share"]["fifo-padding-256"] < padding["padding_share"]["fifo-padding-16384"] < 1
    # Wide bounds: a test's machine may be busy.
    assert padding["ratios"]["vecd/fifo-padding-16384"] > 1
    assert company["errors"] == {}
    assert company["short_p99_ms"]["with_long"][0] > company["short_p50_ms"]["without"][0] > 0
    assert company["allowed_ms"][0] > 2 * company["long_run_ms"][0] > 0
    assert figures["flags"] == {"--warm-seconds": "0.3", "--texts": "100"}
    assert "p99 with long over allowed" in capsys.readouterr().out
