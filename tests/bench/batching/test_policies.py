from collections.abc import Sequence

import pytest

from bench.batching.policies import BUCKETS, Policy, Run, build_policies
from bench.batching.simulation import simulate
from bench.workload.traces import LONGEST_TOKENS, MAX_TOKENS, Trace, saturated
from server.engine.scheduling import Cost
from tests.bench.seeded import generator

COST = Cost(1e-6, 1e-5, 0.0)
POLICIES = build_policies("ragged", COST)
# Two of 10 tokens, two of 100, one of 30: in this order they part the policies.
WAITING = [10, 100, 10, 30, 100]


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("vecd", Run([0, 2, 3, 1, 4], [10, 10, 30, 100, 100])),
        ("vecd-portable", Run([0, 2], [10, 10])),
        ("fifo-padding", Run([0, 1], [100, 100])),
        ("length-buckets", Run([0, 2], [16, 16])),
        ("no-batching", Run([0], [10])),
    ],
)
def test_a_policy_takes_a_text_and_the_company_that_it_allows(name: str, run: Run) -> None:
    assert take(POLICIES[name], WAITING) == run


@pytest.mark.parametrize("name", POLICIES)
def test_every_text_goes_exactly_once_within_the_budget(name: str) -> None:
    lengths = saturated("mixed", 300, generator()).lengths
    waiting = POLICIES[name]()
    for place, length in enumerate(lengths):
        waiting.arrive(place, length)
    gone: list[int] = []
    while len(gone) < len(lengths):
        run = waiting.take([0.0])
        assert all(lengths[place] <= tokens for place, tokens in zip(run.places, run.tokens, strict=True))
        assert len(run.places) == 1 or sum(run.tokens) <= MAX_TOKENS
        gone += run.places
    assert sorted(gone) == list(range(len(lengths)))


@pytest.mark.parametrize("name", ["fifo-padding", "length-buckets", "no-batching"])
def test_the_rules_of_others_let_the_oldest_go_first(name: str) -> None:
    assert take(POLICIES[name], [MAX_TOKENS, 5, MAX_TOKENS]) == Run([0], [MAX_TOKENS])


def test_vecds_rule_lets_a_short_text_overtake_a_long_one() -> None:
    assert take(POLICIES["vecd"], [MAX_TOKENS, 5, MAX_TOKENS]) == Run([1], [5])


def test_a_variant_of_one_length_a_run_has_the_portable_rule_alone() -> None:
    policies = build_policies("equal-length", COST)
    assert take(policies["vecd"], WAITING) == take(POLICIES["vecd-portable"], WAITING)
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


def take(policy: Policy, lengths: Sequence[int]) -> Run:
    """What a worker that shares with nobody takes of these texts."""
    waiting = policy()
    for place, length in enumerate(lengths):
        waiting.arrive(place, length)
    return waiting.take([])
