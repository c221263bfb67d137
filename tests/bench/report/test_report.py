from collections.abc import Mapping
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.environments import ROOT
from bench.errors import BenchError
from bench.report import Places, render
from bench.report.readme import END, START, rewrite_readme
from tests.bench.made_up import fidelity, kernels, lone_load, ragged, write_all, write_results

GRAPHS, FIDELITY, RAGGED = "Graphs without a server", "Fidelity and batches", "Runs without padding"
Rendered = tuple[Mapping[Path, bytes], Places]
README = f"# vecd\n\n{START}\nold\n{END}\n\nThe rest.\n"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    readme = tmp_path / "README.md"
    readme.write_text(README, "utf-8")
    return Places(write_all(tmp_path / "bench" / "results"), tmp_path / "docs" / "benchmarks.md", readme)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """What all results give, drawn once."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "README.md").write_text(README, "utf-8")
    places = Places(write_all(folder / "results"), folder / "docs" / "benchmarks.md", folder / "README.md")
    return render(places), places


@pytest.fixture
def page(rendered: Rendered) -> str:
    files, places = rendered
    return files[places.page].decode()


def page_of(places: Places) -> str:
    return render(places)[places.page].decode()


def section(page: str, title: str) -> str:
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_what_is_committed_is_what_the_raw_results_give() -> None:
    places = Places(ROOT / "bench" / "results", ROOT / "docs" / "benchmarks.md", ROOT / "README.md")
    for path, content in render(places).items():
        assert path.read_bytes() == content, f"{path}: run `python -m bench report`, edit no figure by hand"


def test_writing_it_twice_changes_nothing(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--results", str(places.results), "--out", str(places.page), "--readme", str(places.readme)]
    assert main(["report", *arguments]) == 0
    first = {path: path.read_bytes() for path in places.page.parent.parent.rglob("*") if path.is_file()}
    assert main(["report", *arguments]) == 0
    assert first == {path: path.read_bytes() for path in places.page.parent.parent.rglob("*") if path.is_file()}
    assert places.page.parent / "pictures" / "peers-box.svg" in first
    assert "benchmarks.md" in capsys.readouterr().out


def test_a_server_that_beats_vecd_stands_under_what_vecd_loses(page: str) -> None:
    losses = section(page, "What vecd loses")
    row = "| peers-box.json | 1 text, 1 connection | requests/s | 100 ± 1 | gunicorn-st | 125 ± 1 | 1.2500 |"
    assert row in losses
    assert "| 1 text, 1 connection | p50 ms | 5.00 ± 0.00 | gunicorn-st | 4.00 ± 0.00 | 1.2500 |" in losses
    assert "cold start" in losses
    assert "| cosine to fp32, mean | 0.9900 | gunicorn-st | 1.0000 | 1.0101 |" in losses
    assert "| kernels-box.json | 32x16 | ms of vecd-int8 | 41.0 | stock-int8 | 32.8 | 1.25 ± 0.02 |" in losses
    assert "1 text, 16 connections" not in losses


def test_a_graph_that_is_slower_on_all_cores_stands_there_too(page: str) -> None:
    losses = section(page, "What vecd loses")
    row = "| kernels-box.json | 32x16, all cores | ms of vecd-int8 | 30.0 | stock-int8 | 15.0 | 2.00 ± 0.04 |"
    assert row in losses


def test_every_set_stands_with_every_variant_and_the_bits_by_way(page: str) -> None:
    part = section(page, FIDELITY)
    assert "| test set, 2,758 texts | fp32 | int8 | other |" in part
    assert "| Spearman with people's scores | 0.8672 | 0.8667 | 0.8600 |" in part
    assert "int8-fused could not run: no library." in part
    assert "on all cores | 6,866 | 0 | yes |" in part


def test_a_file_of_the_dev_set_alone_shows_it_alone(places: Places) -> None:
    few = {name: value for name, value in fidelity().items() if name not in {"sets", "refused"}}
    write_results(places.results, fidelity=few)
    part = section(page_of(places), FIDELITY)
    assert "| dev set, 3,000 texts | fp32 | int8 |" in part
    assert "test set" not in part


def test_the_graphs_stand_with_their_peak_their_operators_and_what_was_left_out(page: str) -> None:
    graphs = section(page, GRAPHS)
    assert "vecd-int8 is the variant int8-fused" in graphs
    assert "The OpenVINO graphs were made and run with openvino 2026.4.1." in graphs
    assert "openvino-int8 in bf16" in graphs
    assert "something was not timed: it was left out." in graphs
    assert "| vecd-int8 | 40% | 75% |" in graphs
    assert "| MatMulInteger | 36 | 1.50 (98%) | 1.50 (98%) |\n| 2 others | 3 | 0.02 (1%) | 0.02 (1%) |" in graphs
    assert "| vecd-int8/stock-int8 | 1.00 ± 0.01 | 0.50 ± 0.01 |" in graphs


def test_a_file_of_one_core_alone_shows_one_core_alone(places: Places) -> None:
    few = {name: kernels()[name] for name in ("ratios", "noise", "ms")}
    write_results(places.results, kernels=few)
    graphs = section(page_of(places), GRAPHS)
    assert "on one core" in graphs
    for word in ("on all cores", "peak", "operator"):
        assert word not in graphs


def test_every_way_of_making_runs_stands_with_its_padding_and_a_lone_text_with_its_share(page: str) -> None:
    part = section(page, RAGGED)
    assert "3,000 sentences of the STS benchmark's dev set, 48,709 tokens" in part
    assert "of any lengths | 20,500 ± 500 | 48,709 | 219 |  |" in part
    assert "longest of the batch | 12,000 ± 0 | 84,888 | 369 | 1.75 ± 0.05 |" in part
    assert "| all cores | 0.50 | 11.0 |\n| all cores' time / one's | 1.00 ± 0.10 | 0.55 ± 0.02 |" in part


def test_a_file_without_lone_texts_shows_the_ways_alone(places: Places) -> None:
    few = {name: value for name, value in ragged().items() if not name.startswith(("lone", "all_cores"))}
    write_results(places.results, ragged=few)
    part = section(page_of(places), RAGGED)
    assert "| 219 |" in part
    assert "lone text" not in part


def test_a_goal_that_is_not_met_or_not_measured_stands_there_too(page: str) -> None:
    losses = section(page, "What vecd loses")
    assert "faster than gunicorn-st: not met, 2.00 of 5.00." in losses
    assert "faster on a GPU: not measured." in losses
    assert "| faster on a GPU | 2.00 | not measured | not measured |" in section(page, "Goals")


def test_a_difference_within_the_noise_is_told_as_such(places: Places) -> None:
    write_results(places.results, kernels=kernels(noise=0.4))
    rows = [line for line in section(page_of(places), "What vecd loses").splitlines() if "json | 32x16 |" in line]
    assert rows == [
        "| kernels-box.json | 32x16 | ms of vecd-int8 | 41.0 | stock-int8 | 32.8 | 1.25 ± 0.31, within the noise |"
    ]


def test_a_server_that_did_not_run_stands_with_its_reason(page: str) -> None:
    servers = section(page, "Servers side by side")
    assert "| infinity-torch | a server | did not run: no wheel \\| for this Python | torch 2.13.0 |" in servers
    assert "| gunicorn-st | 500 ± 5 |" in servers
    assert "| 0.50 ± 0.00 |\n" in servers  # its requests/s of vecd's


def test_tables_of_other_commands_have_the_names_of_the_raw_file(page: str) -> None:
    batching = section(page, "The command batching")
    assert "traces, steady:" in batching
    assert "| equal length | 9,000 | 0.25 | 12 | 3.50 |" in batching
    scale = section(page, "The command scale")
    assert "| 16 | 8,000 | 9,000 |" in scale
    assert "| 1 | 1.50 ± 0.50 |" in scale
    assert "| p50_ms | 2.00 |" in section(page, "The command load")


def test_the_goals_of_a_load_stand_among_the_others(places: Places) -> None:
    write_results(places.results, load=lone_load(1.5))
    page = page_of(places)
    assert "From load-box.json." in section(page, "Goals")
    assert "p50 against the bare loop" in section(page, "Goals")
    assert "Goal of load-box.json, p50 against the bare loop: not met, 0.67 of 0.80." in page
    assert "| p50_of_bare | 1.50 ± 0.00 |" in section(page, "The command load")


def test_tables_of_the_serving_commands_hold_rows_with_columns_in_common(page: str) -> None:
    mixed = section(page, "The command mixed")
    assert (
        "|  | vecd | fifo |\n| --- | ---: | ---: |\n| tokens_per_s | 200 ± 0 | 100 ± 0 |\n| padding_share | 0 | 0.50 |"
        in mixed
    )
    assert "|  | vecd/fifo |\n| --- | ---: |\n| ratios | 2.00 |" in mixed
    assert "not measured" not in mixed
    overload = section(page, "The command overload")
    assert "| 429 | 318 |" in overload
    assert "| other_errors | none |" in overload
    assert "| threads | 6 | 6 |" in section(page, "The command soak")
    assert "| vecd_queue_texts | not measured | 0 |" in section(page, "The command soak")
    assert "bench overload --seconds 60 --seed 20 --times 2 --json bench/results/overload-box.json\n" in page


def test_the_page_holds_the_commands_that_gave_the_figures(page: str) -> None:
    assert "python -m bench peers --rounds 3 --seconds 5 --seed 20 --json bench/results/peers-box.json\n" in page
    assert "python -m bench fidelity --data DIR" in page
    assert "python -m bench ragged --data DIR --rounds 3" in page


def test_the_door_stands_beside_what_uvicorn_does_and_each_dialect_beside_the_native_one(page: str) -> None:
    part = section(page, "The door")
    assert "on 16 connections" in part
    assert (
        "| vecd, with a key, held against its limits | 6,500 ± 65 | 4,333 ± 43 | 0.25 ± 0.00 | 0 | 5.00 ± 0.00 |"
        in part
    )
    assert "the same bytes | 26,000 ± 260 | 17,333 ± 173 | 1.00 ± 0.00 |" in part
    assert "| native | 6,500 ± 65 | 4,333 ± 43 | 1.00 ± 0.00 |" in part
    assert "| openai | 5,200 ± 52 | 3,467 ± 35 | 0.80 ± 0.00 |" in part
    assert "From door-box.json.\n\n|  | goal | value | met |" in section(page, "Goals")
    assert "Goal of door-box.json, requests/s of a cached text: not met, 6,500 of 7,000." in page


def test_an_index_has_a_picture_of_every_size(page: str) -> None:
    part = section(page, "The command index")
    assert "![The command index: index-box.json](pictures/index-box.svg)" in part


def test_retrieval_stands_with_every_row_on_every_collection_and_its_cost(page: str) -> None:
    part = section(page, "Retrieval")
    assert "![Retrieval: retrieval-box.json](pictures/retrieval-box.svg)" in part
    assert "BM25 is that of bm25s 0.3.16, pystemmer 3.1.0." in part
    assert "| pets | 1,398 | 225 | 2 | 3 |" in part
    assert (
        "|  | pets | plants | mean |\n| --- | ---: | ---: | ---: |\n| exact fp32 | 0.5021 | 0.5021 | 0.5021 |" in part
    )
    assert "| vecd hybrid, whole documents | 0.7031 | 0.7031 | 0.7031 |" in part
    assert "| vecd hybrid, whole documents, ms | 12.5 / 31.0 | 12.5 / 31.0 |" in part
    assert "| whole documents, documents/s | 73.5 | 73.5 |" in part
    losses = section(page, "What vecd loses")
    assert "Goal of retrieval-box.json, hybrid less the weighted sum, at least: not met, -0.0071 of -0.0050." in losses
    assert "python -m bench retrieval --data COLLECTIONS --seed 20 --json bench/results/retrieval-box.json\n" in page


def test_what_has_no_result_is_not_measured(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(README)
    places = Places(write_results(tmp_path / "results"), tmp_path / "benchmarks.md", readme)
    page = page_of(places)
    for title in (
        "Servers side by side",
        "Goals",
        "The door",
        "Retrieval",
        FIDELITY,
        GRAPHS,
        RAGGED,
        "The command scale",
    ):
        assert "not measured" in section(page, title)
    assert "Against other servers: not measured." in section(page, "What vecd loses")
    assert set(render(places)) == {places.page, places.readme}


def test_no_figure_of_a_gpu_is_made_up(page: str) -> None:
    rows = [line for line in section(page, "GPU").splitlines() if "connection" in line]
    assert rows
    assert all("not measured" in row for row in rows)


def test_the_readme_gets_one_picture_and_a_table_of_at_most_eight_rows(places: Places) -> None:
    readme = render(places)[places.readme].decode()
    part = readme.partition(START)[2].partition(END)[0]
    assert part.count("](docs/pictures/peers-box.svg)") == part.count("![") == 1
    assert sum(line.startswith("| ") for line in part.splitlines()) == 2 + 8
    assert "gunicorn-st: 1 text, 16 connections | 2.00 ± 0.00 | `bench peers` |" in part
    assert "against OpenVINO's int8, 32 texts of 16 tokens | 1.25 ± 0.01 | `bench kernels` |" in part
    assert "optimum's fp32" not in part
    assert readme.startswith("# vecd\n")
    assert readme.endswith(f"{END}\n\nThe rest.\n")
    assert "old" not in readme


def test_without_servers_the_readme_shows_the_graphs(places: Places) -> None:
    (places.results / "peers-box.json").unlink()
    assert "](docs/pictures/kernels-box.svg)" in render(places)[places.readme].decode()


@pytest.mark.parametrize("readme", ["# vecd\n", START, f"{END}\n{START}\n"])
def test_a_readme_without_both_markers_in_order_is_refused(readme: str) -> None:
    with pytest.raises(BenchError, match="must hold the lines"):
        rewrite_readme(readme, "part")


def test_pictures_have_no_background_and_no_date(places: Places) -> None:
    pictures = [content.decode() for path, content in render(places).items() if path.suffix == ".svg"]
    assert len(pictures) == 4
    for picture in pictures:
        assert "<dc:date>" not in picture
        assert "#ffffff" not in picture
        assert "#000000" not in picture


def test_a_missing_folder_and_a_wrong_file_are_one_line_and_status_1(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--out", str(places.page), "--readme", str(places.readme)]
    assert main(["report", "--results", str(places.results / "no"), *arguments]) == 1
    (places.results / "kernels-box.json").write_text('{"ratios": 1}')
    assert main(["report", "--results", str(places.results), *arguments]) == 1
    error = capsys.readouterr().err
    assert "is no folder" in error
    assert "kernels-box.json is not a result of `bench kernels`" in error
    assert not places.page.exists()


def test_notes_on_a_raw_file_stand_where_its_figures_do(places: Places) -> None:
    (places.results / "peers-box.md").write_text("The host was slow.\n", "utf-8")
    assert "From peers-box.json.\n\nThe host was slow.\n\n![" in section(page_of(places), "Servers side by side")


def test_the_readme_shows_the_machine_of_which_most_is_known(places: Places) -> None:
    (places.results / "peers-a-box.json").write_bytes((places.results / "peers-box.json").read_bytes())
    assert "(box)" in render(places)[places.readme].decode()
