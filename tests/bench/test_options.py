from argparse import Namespace

from bench.options import given_flags


def test_flags_are_told_as_they_are_typed_and_those_without_a_value_are_not() -> None:
    options = Namespace(warm_seconds=2.0, texts=32, per_s=None, profile="short")
    assert given_flags(options, ["profile", "texts", "per_s", "warm_seconds"]) == {
        "--profile": "short",
        "--texts": "32",
        "--warm-seconds": "2",
    }
