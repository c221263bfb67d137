import shutil
from pathlib import Path

import msgspec
import pytest

from bench.__main__ import COMMANDS, READERS, main
from bench.workload.sts import FILES
from models import load_manifest, write_manifest
from tests.tiny import FUSED, TINY


@pytest.fixture
def data(tmp_path: Path) -> Path:
    words = ["a dog", "the cat sleeps", "rain", "a long walk by the sea", "two men play chess", "tea"]
    rows = [f"{first},{second} {i},{i % 6}" for i, first in enumerate(words) for second in words]
    for file, some in zip(FILES.values(), (rows, rows[::2]), strict=True):
        (tmp_path / file).write_text("\n".join(some), "utf-8")
    return tmp_path


def test_fidelity_measures_a_model_and_writes_its_figures(
    tiny_models: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = data / "new" / "figures.json"
    arguments = ["--models", str(tiny_models), "--model", TINY, "--data", str(data), "--json", str(file)]
    assert main(["fidelity", *arguments]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    assert figures["batch_bits_equal"] is True
    assert figures["texts"] == 72
    assert 0.9 < figures["cosine_min"] <= figures["cosine_mean"] <= 1.0001
    assert {name: one["texts"] for name, one in figures["sets"].items()} == {"dev": 72, "test": 36}
    for one in figures["sets"].values():
        assert one["variants"].keys() == {*FUSED, "int8", "int8-reduced"}
        assert -1 <= one["spearman_fp32"] <= 1
    dev = figures["sets"]["dev"]
    assert (dev["spearman_fp32"], dev["variants"][figures["variant"]]["cosine_min"]) == (
        figures["spearman_fp32"],
        figures["cosine_min"],
    )
    ways = figures["batch_invariance"]["ways"]
    assert ways.keys() == {"served", "one_thread", "all_cores"}
    assert sum(way["rows_compared"] for way in ways.values()) == figures["batch_invariance"]["rows_compared"]
    assert ways["one_thread"]["rows_compared"] == ways["all_cores"]["rows_compared"] > ways["served"]["rows_compared"]
    assert "cosine to fp32" in capsys.readouterr().out
    assert [path.name for path in file.parent.iterdir()] == ["figures.json"]


@pytest.mark.skipif(not FUSED, reason="needs the fused operators")
def test_ragged_measures_every_way_of_making_runs_and_a_lone_text(
    tiny_models: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = data / "figures.json"
    arguments = ["--models", str(tiny_models), "--model", TINY, "--data", str(data), "--json", str(file)]
    assert main(["ragged", "--rounds", "2", *arguments]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    assert (figures["variant"], figures["texts"], figures["rounds"]) == ("int8-fused", 72, 2)
    computed = figures["computed_tokens"]
    assert computed["padded"] > figures["tokens"] == computed["ragged"] == computed["sorted"]
    assert figures["runs"].keys() == figures["tokens_per_s"].keys() == {"ragged", "padded", "sorted"}
    assert all(len(rounds) == 2 and min(rounds) > 0 for rounds in figures["rounds_tokens_per_s"].values())
    assert figures["ratios"].keys() == figures["noise"].keys() == {"ragged/padded", "ragged/sorted"}
    # Longer texts are more than the tiny model takes.
    assert {cores: found.keys() for cores, found in figures["lone_ms"].items()} == {"one": {"16"}, "all": {"16"}}
    assert figures["all_cores_time_share"].keys() == figures["all_cores_time_share_noise"].keys() == {"16"}
    assert figures.keys() >= {"model", "provider", "seed", "machine", "versions"}
    assert "ragged/padded" in capsys.readouterr().out


def test_where_the_server_takes_texts_of_one_length_ragged_says_so_in_one_line(
    tiny_models: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(tiny_models / TINY, data / TINY)
    manifest = load_manifest(folder)
    portable = tuple(variant for variant in manifest.variants if variant.layout != "ragged")
    write_manifest(folder, msgspec.structs.replace(manifest, variants=portable))
    file = data / "figures.json"
    assert main(["ragged", "--models", str(data), "--model", TINY, "--data", str(data), "--json", str(file)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("bench ragged: the server chose int8")
    assert error.count("\n") == 1
    assert not file.exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_model_is_one_line_and_status_1(command: str, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = data / "figures.json"
    own = ["--data", str(data)] if command in {"fidelity", "ragged", "retrieval"} else []
    assert main([command, *own, "--models", str(data), "--json", str(file)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"bench {command}: no model at {data}")
    assert error.count("\n") == 1
    assert not file.exists()


def test_missing_data_is_one_line_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fidelity", "--data", str(tmp_path), "--json", str(tmp_path / "figures.json")]) == 1
    assert capsys.readouterr().err.startswith(f"bench fidelity: {tmp_path / FILES['dev']} cannot be read")


def test_a_place_where_nothing_can_be_written_is_told_before_anything_is_measured(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fidelity", "--data", str(data), "--json", str(data / FILES["dev"] / "figures.json")]) == 1
    assert "File exists" in capsys.readouterr().err
    assert main(["fidelity", "--data", str(data), "--json", str(data)]) == 1
    assert "is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["speed"], ["fidelity"], ["kernels", "--json", "x", "--rounds", "0"], ["gate"]]
)
def test_a_wrong_command_line_is_refused_with_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_its_flags(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert "--json FILE" in capsys.readouterr().out


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_explains_its_flags_and_takes_none_of_a_measurement(
    reader: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([reader, "--help"])
    assert left.value.code == 0
    assert "--models" not in capsys.readouterr().out


def test_more_texts_than_a_protocol_allows_are_refused_before_anything_is_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["load", "--dialect", "cohere", "--texts", "97", "--json", str(tmp_path / "load.json")]) == 1
    assert "--texts 97: a request of the dialect cohere holds at most 96" in capsys.readouterr().err


@pytest.mark.e2e
def test_a_server_that_cannot_use_the_provider_says_so_in_one_line(
    tiny_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--models", str(tiny_models), "--model", TINY, "--json", str(tmp_path / "f.json")]
    assert main(["load", "--provider", "cuda", *arguments]) == 1
    told = capsys.readouterr().err
    assert "vecd gave no embedding: vecd: --provider cuda" in told
    assert told.count("\n") == 1
