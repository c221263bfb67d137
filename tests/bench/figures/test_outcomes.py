from bench.figures.outcomes import align


def test_a_table_has_columns_of_equal_width() -> None:
    assert align([("ms", "1x16"), ("vecd-int8", "0.7")]) == ["ms         1x16", "vecd-int8   0.7"]
