"""`bench retrieval` with the real model: collections are filled, searched and dropped, and every row is measured."""

from pathlib import Path

import msgspec
import pytest

from bench.__main__ import main
from bench.figures.retrieval import PASSAGES, ROWS, SERVED, WHOLE
from tests.bench.retrieval.collection_folders import write_collection

DOCUMENTS = {
    "moon": "The moon goes around the earth in about 27 days and always shows it the same face.",
    "tides": "Tides rise and fall twice a day because the moon pulls at the water of the oceans.",
    "bread": "Knead flour, water, salt and yeast, let the dough rise for an hour, and bake the loaf.",
    "wine": "Grapes are pressed, and yeast turns the sugar of their juice into alcohol.",
    "bees": "Bees collect nectar from flowers and make honey of it in their hive.",
    "bridge": "A suspension bridge hangs its roadway from cables that run over tall towers.",
    "chess": "In chess the game ends when the king is in check and no move can save it.",
    "violin": "A violin has four strings, which are tuned in fifths and played with a bow.",
    "volcano": "Molten rock from below the crust reaches the surface in a volcano and cools as lava.",
    "vaccine": "A vaccine shows the immune system a harmless part of a germ so that it learns to fight it.",
    "tax": "Income tax is withheld from wages and settled by a return once a year.",
    "bicycle": "Check the pressure of both tyres and oil the chain before a long ride on a bicycle.",
    "glacier": "Snow that does not melt is pressed into ice, and the glacier flows slowly down its valley.",
    "printer": "If the printer takes no paper, clean its rollers and take out the tray.",
    "novel": "The novel tells how a family loses its farm and moves west in search of work.",
    "python": "In Python a list can grow, whereas a tuple stays as it was made.",
    "tea": "Green tea tastes bitter when the water is too hot; let it cool for some minutes first.",
    "train": "The night train leaves at ten and arrives in the capital at seven in the morning.",
    "garden": "Tomatoes want full sun, rich soil and much water while the fruits are growing.",
    "heart": "The heart pumps blood through the arteries to all organs, and veins bring it back.",
}
QUERIES = {
    "q1": ("why does the sea rise and fall", {"tides": 2, "moon": 1}),
    "q2": ("how do I make a loaf of bread", {"bread": 1}),
    "q3": ("stringed instrument that is played with a bow", {"violin": 1}),
    "q4": ("paper is stuck and nothing comes out of my printer", {"printer": 1}),
    "q5": ("how do insects produce something sweet", {"bees": 1}),
    "q6": ("nobody has judged this", {}),
}


@pytest.mark.e2e
@pytest.mark.timeout(900)  # the first time, this makes the environment of bm25s
def test_every_row_of_a_collection_is_measured_through_a_real_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = [{"id": id_, "text": text} for id_, text in DOCUMENTS.items()] + [{"id": "empty", "text": ""}]
    queries = {id_: text for id_, (text, _) in QUERIES.items()}
    write_collection(tmp_path / "facts", documents, queries, {id_: judged for id_, (_, judged) in QUERIES.items()})
    file = tmp_path / "retrieval.json"
    assert main(["retrieval", "--data", str(tmp_path / "facts"), "--json", str(file)]) == 0
    figures = msgspec.json.decode(file.read_bytes())
    facts = figures["collections"]["facts"]
    assert (facts["documents"], facts["documents_left_out"]) == (len(DOCUMENTS), 1)
    assert (facts["queries"], facts["queries_left_out"]) == (5, 1)
    assert list(facts["quality"]) == list(figures["mean"]) == list(ROWS)
    assert facts["quality"] == figures["mean"]
    for row, quality in facts["quality"].items():
        assert quality["ndcg_at_10"] > 0.5, row
        assert quality["ndcg_at_10"] < 1 or quality["mrr_at_10"] == 1, row
        assert 0 <= quality["recall_at_100"] <= 1, row
    # No document is beyond the first hundred, and none is below the threshold.
    for row in (row for row in ROWS if "vector" in row or "exact" in row):
        assert facts["quality"][row]["recall_at_100"] == 1, row
    assert facts["search_ms"].keys() == set(SERVED)
    assert all(0 < times["p50"] <= times["p99"] for times in facts["search_ms"].values())
    assert facts["documents_per_s"].keys() == {WHOLE, PASSAGES}
    assert len(figures["goals"]) == 6
    assert figures["bm25_versions"].keys() == {"bm25s", "pystemmer"}
    assert figures.keys() >= {"model", "seed", "machine", "versions"}
    assert "vecd hybrid, passages" in capsys.readouterr().out
