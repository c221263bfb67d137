"""What memory the server says that it may take at most: more with each setting that allows more."""

import re

import pytest

from server.memory import TLS_BYTES, memory_of
from server.settings import MIB, Settings
from tests.running import RunningServer


def most(connections: int = 1000, cores: int = 2, **settings: int | str) -> int:
    memory = memory_of(Settings(**settings), connections, cores, 384)  # type: ignore[arg-type]
    return memory.most_bytes - memory.at_start


@pytest.mark.parametrize(
    ("setting", "more"), [("max_bodies_bytes", 1024 * MIB), ("cache_bytes", 512 * MIB), ("max_queue_tokens", 9_000_000)]
)
def test_each_setting_that_allows_more_adds_to_it(setting: str, more: int) -> None:
    assert most(**{setting: more}) - most() >= more - int(getattr(Settings(), setting))


def test_connections_and_runs_add_to_it() -> None:
    assert most(connections=2000) > most() + 1000 * 64 * 1024
    assert most(cores=64) > most()
    secure = most(tls_certificate="a", tls_key="b")
    assert secure == most() + 1000 * TLS_BYTES


def test_one_body_that_passes_alone_counts_whatever_the_budget_is() -> None:
    assert most(max_bodies_bytes=1024) >= 10 * Settings().max_body_bytes


@pytest.mark.e2e
def test_it_is_told_at_the_start_and_is_more_than_is_taken_then(tiny_server: RunningServer) -> None:
    line = next(line for line in tiny_server.lines if line.startswith("memory"))
    found = re.match(r"memory +at most ([\d,]+) MiB \(([\d,]+) now, (.+)\); \d+\.\d kB a passage on top$", line)
    assert found, line
    parts = [int(size.replace(",", "")) for size in re.findall(r"([\d,]+) [a-z]", f"{found[2]} now, {found[3]}")]
    assert abs(sum(parts) - int(found[1].replace(",", ""))) <= len(parts)
    assert 40 < parts[0] < sum(parts) / 2
