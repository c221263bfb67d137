import asyncio

import numpy as np

from bench.batching.arrangements import BATCH_TEXTS, arrange_runs, count_tokens, split_batches, split_runs
from bench.workload.traces import MAX_TOKENS

# Different ids, so that a text can be told from any other.
LENGTHS = np.random.default_rng(3).integers(2, 40, 3 * BATCH_TEXTS + 10).tolist()
TEXTS = [[place] * length for place, length in enumerate(LENGTHS, 1)]


def test_every_arrangement_runs_every_text_once_within_the_budget() -> None:
    for name, runs in arrange_runs(TEXTS).items():
        assert sorted(ids[0] for run in runs for ids in run) == [ids[0] for ids in TEXTS], name
        assert all(sum(map(len, run)) <= MAX_TOKENS for run in runs), name


def test_ragged_runs_keep_the_order_of_the_texts_and_sorted_ones_that_of_their_lengths() -> None:
    arranged = arrange_runs(TEXTS)
    assert [ids for run in arranged["ragged"] for ids in run] == TEXTS
    assert [ids for run in arranged["sorted"] for ids in run] == sorted(TEXTS, key=len)


def test_only_the_padded_arrangement_computes_more_than_the_texts_own_tokens() -> None:
    computed = {name: count_tokens(runs) for name, runs in arrange_runs(TEXTS).items()}
    padded = sum(max(map(len, batch)) * len(batch) for batch in split_batches(TEXTS))
    assert computed == {"ragged": sum(LENGTHS), "padded": padded, "sorted": sum(LENGTHS)}


def test_a_run_never_reaches_into_the_next_batch() -> None:
    runs = arrange_runs(TEXTS)["ragged"]
    batches = [{(ids[0] - 1) // BATCH_TEXTS for ids in run} for run in runs]
    assert all(len(batch) == 1 for batch in batches)


def test_the_last_batch_may_be_smaller() -> None:
    assert [len(batch) for batch in split_batches(TEXTS)] == [BATCH_TEXTS] * 3 + [10]


def test_runs_are_what_the_servers_queue_gives_one_after_the_other() -> None:
    most = MAX_TOKENS // 2
    batch = [[1] * most, [2] * most, [3] * MAX_TOKENS, [4]]
    assert asyncio.run(split_runs(batch)) == [batch[:2], batch[2:3], batch[3:]]
