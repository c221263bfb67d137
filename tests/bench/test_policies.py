from collections.abc import Sequence

import pytest

from bench.policies import BUCKETS, MAX_TOKENS, Policy, Run, build_policies
from bench.simulation import simulate
from bench.traces import LONGEST_TOKENS, Trace, saturated
from tests.bench.traffic import generator

POLICIES = build_policies(mixed_lengths=True)
# Two of 10 tokens, two of 100, one of 30: in this order they part the policies.
WAITING = [10, 100, 10, 30, 100]


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("vecd", Run([0, 1, 2, 3, 4], [10, 100, 10, 30, 100])),
        ("vecd-portable", Run([0, 2], [10, 10])),
        ("fifo-padding", Run([0, 1], [100, 100])),
        ("length-buckets", Run([0, 2], [16, 16])),
        ("no-batching", Run([0], [10])),
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
        assert all(lengths[index] <= tokens for index, tokens in zip(taken, run.tokens, strict=True))
        assert len(taken) == 1 or sum(run.tokens) <= MAX_TOKENS
        gone += taken
        waiting = [index for index in waiting if index not in taken]
    assert sorted(gone) == list(range(len(lengths)))


@pytest.mark.parametrize("name", POLICIES)
def test_a_text_as_long_as_the_budget_goes_alone(name: str) -> None:
    assert POLICIES[name]([MAX_TOKENS, 5, MAX_TOKENS]) == Run([0], [MAX_TOKENS])


def test_a_variant_of_one_length_a_run_has_the_portable_rule_alone() -> None:
    policies = build_policies(mixed_lengths=False)
    assert policies["vecd"](WAITING) == POLICIES["vecd-portable"](WAITING)
    assert "vecd-portable" not in policies


@pytest.mark.parametrize("name", ["vecd", "vecd-portable", "no-batching"])
def test_neither_of_vecds_rules_nor_a_text_alone_is_ever_padded(name: str) -> None:
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
    return simulate(trace, policy, lambda tokens: 1.0, workers=1).computed_tokens
