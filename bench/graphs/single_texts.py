"""A single text in a run, on one core and on all of them: how long it takes, and how much the other cores save.

In: a session, and token ids. Out: the seconds of every round; each round times everything in an order of its own.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np

from bench.figures.spread import Ratio, speed_ratio
from bench.graphs.timing import prepare_call, time_call
from bench.machine import one_core
from bench.progress import open_bar
from server.engine.sessions import Session

TOKENS = (16, 64, 128, 256)
REPEATS = 5
PLACES: Mapping[str, Callable[[], AbstractContextManager[object]]] = {"one": one_core, "all": nullcontext}

Times = dict[str, dict[int, list[float]]]  # seconds of every round, by cores (one, all), then by tokens


def time_single_texts(session: Session, ids: Sequence[list[int]], rounds: int, rng: np.random.Generator) -> Times:
    calls = {
        (cores, len(text)): prepare_call(session, [text], all_cores=cores == "all") for cores in PLACES for text in ids
    }
    times: Times = {cores: {len(text): [] for text in ids} for cores in PLACES}
    pairs = list(calls)
    with open_bar("single texts", rounds, "rounds") as bar:
        for _ in range(rounds):
            for i in rng.permutation(len(pairs)):
                cores, tokens = pairs[i]
                with PLACES[cores]():
                    times[cores][tokens].append(time_call(calls[cores, tokens], REPEATS))
            bar.update()
    return times


def median_ms(times: Times) -> dict[str, dict[str, float]]:
    """Return the median milliseconds over the rounds, by cores, then by tokens."""
    return {
        cores: {str(tokens): 1e3 * statistics.median(seconds) for tokens, seconds in found.items()}
        for cores, found in times.items()
    }


def all_cores_shares(times: Times) -> dict[str, Ratio]:
    """Return the time on all cores divided by that on one core, by tokens, compared round by round."""
    return {str(tokens): speed_ratio(seconds, times["all"][tokens]) for tokens, seconds in times["one"].items()}
