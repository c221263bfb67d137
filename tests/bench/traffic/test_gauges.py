import pytest

from bench.traffic.gauges import parse_gauges

TEXT = """# HELP queue_texts Texts that wait, {by} kind
# TYPE queue_texts gauge
queue_texts{kind="long }",output="a b"} 2
queue_texts{kind="short"} 1.5 1700000000000
in_work 3
in_work_total 9
"""


@pytest.mark.parametrize(("name", "value"), [("queue_texts", 3.5), ("in_work", 3.0), ("missing", None)])
def test_a_gauge_is_summed_over_its_labels_and_one_that_is_missing_is_none(name: str, value: float | None) -> None:
    assert parse_gauges(TEXT, [name]) == {name: value}


def test_a_server_without_metrics_has_no_gauges() -> None:
    assert parse_gauges("", ["in_work"]) == {"in_work": None}
