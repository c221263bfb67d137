from collections.abc import Sequence

import pytest

from bench.policies import BUCKETS, MAX_TOKENS, Policy, Run, build_policies
from bench.simulation import simulate
from bench.traces import LONGEST_TOKENS, Trace, saturated
from tests.bench.traffic import generator

POLICIES = build_policies()
# Two of 10 tokens, two of 100, one of 30: in this order they part the policies.
WAITING = [10, 100, 10, 30, 100]


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("vecd", Run([0, 2], 10)),
        ("fifo-padding", Run([0, 1], 100)),
        ("length-buckets", Run([0, 2], 16)),
        ("no-batching", Run([0], 10)),
    ],
)
def test_a_policy_takes_the_oldest_text_and_the_company_that_it_allows(name: str, run: Run) -> None:
    assert POLICIES[name](WAITING) == run


@pytest.mark.parametrize("name", POLICIES)
def test_every_text_goes_exactly_once_within_the_budget_and_the_oldest_in_the_first_run(name: str) -> None:
    lengths = saturated("mixed", 300, generator()).lengths
    waiting = list(range(len(lengths)))
    gone: list[int] = []
    while waiting:
        run = POLICIES[name]([lengths[index] for index in waiting])
        taken = [waiting[place] for place in run.places]
        assert run.places[0] == 0
        assert run.places == sorted(set(run.places))
        assert max(lengths[index] for index in taken) <= run.tokens
        assert len(taken) == 1 or len(taken) * run.tokens <= MAX_TOKENS
        gone += taken
        waiting = [index for index in waiting if index not in taken]
    assert sorted(gone) == list(range(len(lengths)))


@pytest.mark.parametrize("name", POLICIES)
def test_a_text_as_long_as_the_budget_goes_alone(name: str) -> None:
    assert POLICIES[name]([MAX_TOKENS, 5, MAX_TOKENS]) == Run([0], MAX_TOKENS)


@pytest.mark.parametrize("name", ["vecd", "no-batching"])
def test_texts_of_one_exact_length_or_alone_are_never_padded(name: str) -> None:
    assert computed(POLICIES[name], WAITING) == sum(WAITING)


def test_padding_to_the_longest_computes_the_longest_for_each() -> None:
    # 10 with 100, 10 with 30 and 100 too wide for the budget: 10 and 30 go, then 100.
    assert computed(POLICIES["fifo-padding"], WAITING) == 2 * 100 + 2 * 30 + 100


def test_padding_to_a_bucket_computes_the_bucket_for_each() -> None:
    assert computed(POLICIES["length-buckets"], WAITING) == 2 * 16 + 2 * 128 + 32


def test_every_text_of_the_profiles_has_a_bucket() -> None:
    assert BUCKETS[-1] >= LONGEST_TOKENS


def computed(policy: Policy, lengths: Sequence[int]) -> int:
    trace = Trace([0.0] * len(lengths), list(lengths))
    return simulate(trace, policy, lambda batch, tokens: 1.0, workers=1).computed_tokens
