"""A damaged database is refused at the start or on reading, with what to do; nothing wrong is ever returned."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.index.damage import HARMS, Outcome

TIMEOUT_S = 240


def outcomes(folder: Path, rounds: int, seed: int) -> list[Outcome]:
    command = [sys.executable, "-m", "tests.index.damage", str(folder), "--rounds", str(rounds), "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr}"  # a crash in a native library too
    return [msgspec.json.decode(line, type=Outcome) for line in done.stdout.splitlines()]


def check(found: list[Outcome]) -> None:
    for outcome in found:
        assert not outcome.wrong, outcome
        assert not outcome.faults, outcome
        # A flipped bit in what filters search is not noticed by a search, but by the doctor: no checksum is there.
        assert not outcome.missing or outcome.doctor, outcome
        if outcome.refused is not None:
            assert "restore" in outcome.refused.lower(), outcome.refused
    assert {outcome.kind for outcome in found} == set(HARMS)
    assert sum(outcome.refused is not None or outcome.errors > 0 for outcome in found) > len(found) / 4


def check_logs(found: list[Outcome]) -> None:
    """A damaged log is refused instead of being taken for a shorter one."""
    logs = [outcome for outcome in found if HARMS[outcome.kind][1]]
    assert sum(outcome.refused is not None for outcome in logs) > len(logs) / 2
    assert all(outcome.refused or not outcome.forgotten for outcome in logs), logs


@pytest.mark.e2e
def test_a_few_ways_of_damage_are_all_told(tmp_path: Path) -> None:
    found = outcomes(tmp_path, 2 * len(HARMS), seed=1)
    check(found)
    check_logs(found)


@pytest.mark.e2e
def test_two_hundred_ways_of_damage_are_all_told(tmp_path: Path) -> None:
    found = outcomes(tmp_path, 200, seed=2)
    check(found)
    check_logs(found)
    assert sum(bool(outcome.missing) for outcome in found) <= 4, [outcome.missing for outcome in found]
