from pathlib import Path

import msgspec
import pytest

from bench.__main__ import main
from bench.commands.gate import beyond_noise, judge
from bench.figures.spread import Spread
from tests.bench.made_up import index, kernels, lone_load, peers, retrieval, write_results


def one(median: float, noise: float) -> dict[str, Spread]:
    return {"pair": Spread(median, noise)}


@pytest.mark.parametrize(
    ("against", "current", "fell"),
    [
        (one(1.0, 0.0), one(1.0, 0.0), False),
        (one(1.0, 0.01), one(0.9, 0.01), True),
        (one(1.0, 0.03), one(0.9, 0.03), False),
        (one(1.0, 0.0), one(0.99, 0.0), False),
        (one(1.0, 0.0), one(0.97, 0.0), True),
        (one(1.0, 0.01), one(2.0, 0.01), False),
    ],
    ids=["equal", "beyond the noise", "within the noise", "below 2%", "above 2%", "faster"],
)
def test_a_ratio_fell_where_it_is_lower_by_more_than_the_noise_and_two_percent(
    against: dict[str, Spread], current: dict[str, Spread], *, fell: bool
) -> None:
    (verdict,) = judge(against, current, beyond_noise(3))
    assert verdict.fell is fell


def test_the_noise_of_both_adds_up_in_quadrature() -> None:
    (verdict,) = judge(one(1.0, 0.03), one(1.0, 0.04), beyond_noise(2))
    assert verdict.tolerance == pytest.approx(0.1)


def test_a_ratio_that_one_file_lacks_is_told_and_did_not_fall() -> None:
    gone, new = judge({"gone": Spread(1, 0)}, {"new": Spread(1, 0)}, beyond_noise(3))
    assert (gone.current, gone.fell) == (None, False)
    assert (new.against, new.fell) == (None, False)


def gate(tmp_path: Path, kind: str, before: dict[str, object], now: dict[str, object], *more: str) -> int:
    files = [write_results(tmp_path / name, **{kind: r}) for name, r in (("before", before), ("now", now))]
    against, current = (str(folder / f"{kind}-box.json") for folder in files)
    return main(["gate", "--against", against, "--current", current, *more])


def test_equal_files_pass(tmp_path: Path) -> None:
    assert gate(tmp_path, "kernels", kernels(), kernels()) == 0
    assert gate(tmp_path, "peers", peers(), peers()) == 0


def test_a_drop_beyond_the_noise_fails_with_a_line_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "verdicts.json"
    assert gate(tmp_path, "kernels", kernels(1.5), kernels(1.35), "--json", str(file)) == 1
    out = capsys.readouterr().out
    assert "fell: vecd-int8/stock-int8 at 1x16: 1.500 to 1.350, by more than 0.042" in out
    assert out.count("fell:") == 1
    assert msgspec.json.decode(file.read_bytes())["fell"] is True
    assert gate(tmp_path, "peers", peers(1000), peers(900)) == 1
    assert "fell: vecd/gunicorn-st, 1 text, 16 connections: 2.000 to 1.800" in capsys.readouterr().out


def test_a_drop_within_the_noise_passes(tmp_path: Path) -> None:
    assert gate(tmp_path, "kernels", kernels(1.5, noise=0.1), kernels(1.35, noise=0.1)) == 0


def test_retrieval_fell_where_a_row_of_vecd_lost_more_than_three_thousandths_of_its_ndcg(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = retrieval(0.7)
    assert gate(tmp_path, "retrieval", before, retrieval(0.698), "--sigmas", "0") == 0
    assert gate(tmp_path, "retrieval", before, retrieval(0.9)) == 0
    assert gate(tmp_path, "retrieval", before, retrieval(0.696), "--sigmas", "9") == 1
    out = capsys.readouterr().out
    assert "fell: nDCG@10 of vecd hybrid, whole documents, pets: 0.700 to 0.696, by more than 0.003" in out
    assert "bm25s" not in out


def test_a_load_fell_where_it_lost_more_of_the_bare_loops_pace_than_the_noise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate(tmp_path, "load", lone_load(1.2), lone_load(1.21)) == 0
    assert gate(tmp_path, "load", lone_load(1.2), lone_load(1.5)) == 1
    out = capsys.readouterr().out
    assert "fell: bare loop/vecd, p50, short, texts 1, connections 1: 0.833 to 0.667, by more than" in out
    assert "fell: vecd/bare loop, requests/s, short, texts 1, connections 1: 0.833 to 0.667, by more than" in out
    assert gate(tmp_path, "load", lone_load(1.2, connections=16), lone_load(1.2, connections=16)) == 0
    assert "p50" not in capsys.readouterr().out


def test_a_load_without_the_bare_loop_has_nothing_that_could_fall(tmp_path: Path) -> None:
    before = lone_load(1.2)
    del before["bare"]
    assert gate(tmp_path, "load", before, lone_load(1.5)) == 0


def test_more_sigmas_allow_more(tmp_path: Path) -> None:
    assert gate(tmp_path, "kernels", kernels(1.5), kernels(1.35), "--sigmas", "20") == 0


def test_a_missing_ratio_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    less = kernels()
    less["ratios"] = {"vecd-int8/stock-int8": {"1x16": 1.5, "32x16": 0.8}}
    assert gate(tmp_path, "kernels", kernels(), less) == 0
    assert "missing: vecd-int8/stock-fp32 at 1x16 is not in the current file" in capsys.readouterr().out


def test_files_of_different_kinds_and_missing_files_are_one_line_and_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_results(tmp_path, kernels=kernels(), peers=peers())
    both = ["gate", "--against", str(folder / "kernels-box.json"), "--current"]
    assert main([*both, str(folder / "peers-box.json")]) == 1
    assert main([*both, str(folder / "kernels-none.json")]) == 1
    error = capsys.readouterr().err
    assert "cannot be compared" in error
    assert "kernels-none.json: No such file" in error
    assert error.count("\n") == 2


def test_an_index_fell_where_it_finds_less_by_more_than_five_thousandths(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = index(0.995)
    assert gate(tmp_path, "index", before, index(0.991), "--sigmas", "0") == 0
    assert gate(tmp_path, "index", before, index(1.0)) == 0
    assert gate(tmp_path, "index", before, index(0.98), "--sigmas", "9") == 1
    out = capsys.readouterr().out
    assert "fell: recall@10 of 10,000, 10% left: 0.995 to 0.980, by more than 0.005" in out
    assert "recall@10 of 1,000 " in out
