from bench.commands.scale import SIDE_RUNS, side_by_side_figures


def test_side_by_side_counts_the_tokens_of_all_workers() -> None:
    seconds = {"side 1": 1.0, "side 2": 1.0, "side all": 0.5}
    tokens = 256 * SIDE_RUNS
    assert side_by_side_figures(seconds, 2) == {"1": tokens, "2": 2 * tokens, "all-cores-run": 2 * tokens}
