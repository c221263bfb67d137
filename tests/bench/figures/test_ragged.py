from bench.figures.ragged import RaggedFigures, render_table
from bench.machine import describe_machine


def test_the_table_shows_every_arrangement_the_ratios_and_the_single_texts() -> None:
    figures = RaggedFigures(
        model="some",
        provider="cpu",
        seed=1,
        machine=describe_machine(),
        versions={},
        variant="int8-fused",
        texts=3,
        tokens=30,
        batch_texts=64,
        max_tokens_per_run=256,
        runs={"ragged": 1, "padded": 2},
        computed_tokens={"ragged": 30, "padded": 60},
        tokens_per_s={"ragged": 2000.0, "padded": 1000.0},
        ratios={"ragged/padded": 2.0},
        noise={"ragged/padded": 0.5},
        lone_ms={"one": {"16": 1.0}, "all": {"16": 0.75}},
        all_cores_time_share={"16": 0.75},
        all_cores_time_share_noise={"16": 0.5},
        rounds_tokens_per_s={"ragged": [2000.0], "padded": [1000.0]},
        rounds=1,
    )
    assert [line.split() for line in render_table(figures)[1:]] == [
        ["ragged", "2000", "1", "30"],
        ["padded", "1000", "2", "60"],
        ["ragged/padded:", "2.00", "±", "0.25"],
        ["ms", "by", "tokens", "of", "a", "single", "text", "16"],
        ["one", "core", "1.00"],
        ["all", "cores", "0.75"],
        ["all", "cores", "/", "one", "0.75", "±", "0.25"],
    ]
