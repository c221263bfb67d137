"""The real daemon with faults in it: `python -m tests.faulty`, the flags below and the daemon's own.

In: texts that hold one of the words below; each fails at its stage, with SECRET in the cause. Out: every run as a line
in the file of runs, written as it begins; while the gate's file is there no run goes on. All of it begins when the
daemon is built; only slowness is there from the first run, since the daemon measures its own speed at the start.
"""

import argparse
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import orjson

from models.runtime import onnxruntime
from models.tokenizer import open_tokenizer
from server.__main__ import run
from server.backend import LocalBackend, build_backend
from server.contract.errors import InferenceError
from server.engine.sessions import SESSIONS, Rows, Session
from server.serving import serve
from server.settings import Settings, read_settings

SECRET = "the secret inside"
TOKENIZER_RAISES, TOKENIZER_PANICS, TOKENIZER_WAITS = "tokenizerraises", "tokenizerpanics", "tokenizerwaits"
RUN_FAILS, RUN_GIVES_NAN, RUN_HANGS = "runfails", "rungivesnan", "runhangs"
WORKER_DIES, EVERY_WORKER_DIES = "workerdies", "everyworkerdies"
ENCODER_RAISES = "encoderraises"
# No embedding has such a value; the row of a text that the encoder must not survive gets it.
MARK = np.float32(1234.5)
GATE_POLL_S = 0.002


class PanicException(BaseException):
    """What a panic in the tokenizer's Rust becomes: no Exception, and of no public type."""


class Faults:
    """What all parts share: the settings, the tokenizer's vocabulary, whether the daemon is built."""

    def __init__(self, token_ms: float, runs: Path | None, gate: Path | None) -> None:
        self.token_s = token_ms / 1e3
        self.gate = gate
        self.armed = threading.Event()
        self.doomed = threading.Event()
        self.nan_rows = threading.local()
        self.tokens: dict[int, str] = {}
        self._runs = None if runs is None else os.open(runs, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of token ids, special tokens left out."""
        words = [self.tokens[one] for one in ids]
        return " ".join(word for word in words if not word.startswith("[")).replace(" ##", "")

    def begin(self, texts: list[str]) -> None:
        """Write a run down, then hold it while the gate is shut."""
        if self._runs is not None:
            line = json.dumps({"thread": threading.current_thread().name, "texts": texts})
            os.write(self._runs, line.encode() + b"\n")
        self.wait()

    def wait(self) -> None:
        """Return once the gate is open."""
        while self.gate is not None and self.gate.exists():
            time.sleep(GATE_POLL_S)


class FaultyTokenizer:
    """A tokenizer whose every way to encode fails on some words, and waits on one while the gate is shut."""

    def __init__(self, inner: Any, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return partial(self._encode, found) if name.startswith("encode") else found

    def _encode(self, encode: Callable[..., Any], given: str | Sequence[str], *rest: Any, **options: Any) -> Any:
        for text in [given] if isinstance(given, str) else given:
            if TOKENIZER_RAISES in text:
                raise ValueError(SECRET)
            if TOKENIZER_PANICS in text:
                raise PanicException(SECRET)
            if TOKENIZER_WAITS in text:
                self._faults.wait()
        return encode(given, *rest, **options)


class FaultyGraph:
    """ONNX Runtime's session, giving NaN for the rows that this thread was told to spoil."""

    def __init__(self, inner: Any, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def run(self, *given: Any, **options: Any) -> Any:
        (rows,) = self._inner.run(*given, **options)
        rows[getattr(self._faults.nan_rows, "indices", [])] = np.nan
        return [rows]


class FaultySession:
    """A variant's session that looks for the words in what it is given to run."""

    def __init__(self, open_session: Callable[..., Session], faults: Faults, *given: Any, **options: Any) -> None:
        self._inner = open_session(*given, **options)
        self._faults = faults
        for name, value in vars(self._inner).items():
            if isinstance(value, onnxruntime.InferenceSession):
                setattr(self._inner, name, FaultyGraph(value, faults))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def run(self, encodings: list[list[int]], output: str, **options: Any) -> Rows:
        time.sleep(self._faults.token_s * sum(map(len, encodings)))
        if not self._faults.armed.is_set():
            return self._inner.run(encodings, output, **options)
        texts = [self._faults.text(ids) for ids in encodings]
        self._faults.begin(texts)
        self._raise(texts)
        self._faults.nan_rows.indices = [i for i, text in enumerate(texts) if RUN_GIVES_NAN in text]
        rows = self._inner.run(encodings, output, **options)
        for row, text in zip(rows, texts, strict=True):
            if ENCODER_RAISES in text:
                row[0] = MARK
        return rows

    def _raise(self, texts: list[str]) -> None:
        together = "\n".join(texts)
        if EVERY_WORKER_DIES in together:
            self._faults.doomed.set()
        if WORKER_DIES in together or self._faults.doomed.is_set():
            raise RuntimeError(SECRET)
        if RUN_FAILS in together:
            raise InferenceError(SECRET)
        if RUN_HANGS in together:
            threading.Event().wait()


def open_faulty_tokenizer(faults: Faults, *given: Any) -> Any:
    """Open the tokenizer, and learn its vocabulary."""
    tokenizer = open_tokenizer(*given)
    faults.tokens |= {number: token for token, number in tokenizer.get_vocab().items()}
    return FaultyTokenizer(tokenizer, faults)


def build_faulty(faults: Faults, settings: Settings) -> LocalBackend:
    """Build the backend, then let the faults loose."""
    sessions = {layout: partial(FaultySession, open_session, faults) for layout, open_session in SESSIONS.items()}
    backend = build_backend(settings, sessions, partial(open_faulty_tokenizer, faults))
    faults.armed.set()
    return backend


def dumps(true: Callable[..., bytes], value: Any, *given: Any, **options: Any) -> bytes:
    """Encode, unless a marked row is in it."""
    arrays = [part for part in (value.values() if isinstance(value, dict) else [value]) if isinstance(part, np.ndarray)]
    if any((part == MARK).any() for part in arrays):
        raise TypeError(SECRET)
    return true(value, *given, **options)


def main() -> None:
    """Run the daemon as its own command does, with what it opens exchanged."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--token-ms", type=float, default=0, help="a run takes so much longer for each token")
    parser.add_argument("--runs", type=Path, help="file that gets a line for each run")
    parser.add_argument("--gate", type=Path, help="no run goes on while this file is there")
    own, arguments = parser.parse_known_args()
    faults = Faults(own.token_ms, own.runs, own.gate)
    with patch.object(orjson, "dumps", partial(dumps, orjson.dumps)):
        run(lambda: serve(read_settings(arguments), partial(build_faulty, faults)))


if __name__ == "__main__":
    main()
