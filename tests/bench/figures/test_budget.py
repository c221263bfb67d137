from bench.figures.budget import BudgetFigures, Row, Wait, render_table, wait_of, worst_of


def test_a_wait_is_told_by_its_percentiles_and_by_how_much_the_p99_grew() -> None:
    wait = wait_of([1.0] * 100, [2.0] * 98 + [8.0] * 4)
    assert (wait.p50_alone_ms, wait.p50_beside_ms, wait.p99_beside_ms, wait.ratio) == (1.0, 2.0, 8.0, 8.0)
    assert wait.requests == 102


def test_a_kind_that_was_never_answered_is_the_worst() -> None:
    waits = {"embed": wait_of([1.0], [9.0]), "read": wait_of([1.0], [])}
    assert worst_of(waits) == "read"
    assert waits["read"].ratio is None


def row(wait: Wait, told_mb: float | None) -> Row:
    return Row(
        clients=8,
        waits={"embed": wait, "read": wait_of([1.0], [1.0])},
        worst="embed",
        refused={"429": 2},
        dropped=1,
        others={"200": 5},
        back_s=0.25,
        peak_mb=300.4,
        told_mb=told_mb,
    )


def test_the_table_names_what_misses_the_goal() -> None:
    rows = {"texts": row(wait_of([1.0], [3.0]), 2000.0), "filters": row(wait_of([1.0], [9.0]), None)}
    *table, last = render_table(BudgetFigures(goal=4.0, rows=rows))
    assert last == "more than 4 times: filters"
    assert " ".join(table[1].split()) == "texts 8 embed 1.0 3.0 1.0 3.0 3.0 2 1 0.2 300 2000.0"
    assert table[2].split()[-1] == "-"
