"""Runs a client's script: jobs go in on its standard input, what its calls returned or raised comes out.

A script does all its jobs in one process, since importing a client takes longer than asking a server.
"""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

TIMEOUT_S = 120

Rows = NDArray[np.float32]


class Job(msgspec.Struct, frozen=True):
    """A server, the key to show to it, and the calls to make there in order; no calls stand for all."""

    url: str
    key: str = "none-needed"
    calls: tuple[str, ...] = ()


class Raised(msgspec.Struct, frozen=True):
    """An error of the client's: its class, its words, and those of these attributes that it has."""

    kind: str
    message: str
    status: int | None = None
    code: str | None = None
    param: str | None = None
    type: str | None = None
    body: Any = None
    request_id: str | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What came of a call."""

    call: str
    value: Any = None
    raised: Raised | None = None


class Outcomes:
    """What came of the calls of one job."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self._outcomes = {outcome.call: outcome for outcome in outcomes}
        self.last = outcomes[-1]

    def value(self, call: str) -> Any:
        """Return what the call returned; it must not have raised."""
        outcome = self._outcomes[call]
        assert outcome.raised is None, outcome.raised
        return outcome.value

    def rows(self, call: str) -> Rows:
        """Return the vectors that the call returned."""
        return np.array(self.value(call), np.float32)

    def raised(self, call: str) -> Raised:
        """Return what the call raised."""
        outcome = self._outcomes[call]
        assert outcome.raised is not None, outcome.value
        return outcome.raised


class Answers(msgspec.Struct, frozen=True):
    """What one client says of a server that wants no key, of one that does, and of one where it asks too often."""

    free: Outcomes
    keyed: Outcomes
    wrong_key: Outcomes
    other_key: Outcomes
    limited: Outcomes


Ask = Callable[[str], Answers]


def run_program(
    command: Sequence[str], jobs: Sequence[Job], texts: Sequence[str], environment: Mapping[str, str]
) -> list[Outcomes]:
    """Let a script do the jobs with these texts, and return what came of each one."""
    request = msgspec.json.encode({"jobs": jobs, "texts": texts}).decode()
    done = subprocess.run(
        command, input=request, capture_output=True, encoding="utf-8", env=environment, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    answer = msgspec.convert(json.loads(done.stdout), list[list[Outcome]])
    return [Outcomes(outcomes) for outcomes in answer]
