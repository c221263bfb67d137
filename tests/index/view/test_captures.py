"""Which rows the graph lacks, looked for stretch by stretch."""

import numpy as np
import pytest

from index.view.captures import STRETCH_ROWS, Capture, allocated, places

COUNT = 3 * STRETCH_ROWS + 17


def captured(missing: list[int], settled: int = 0) -> Capture:
    rows = allocated(COUNT, 2)
    rows.keys[:] = np.arange(1, COUNT + 1)
    rows.alive[:] = True
    rows.nodes[:] = rows.keys
    rows.nodes[missing] = 0
    rows.alive[STRETCH_ROWS : STRETCH_ROWS + 5] = False
    rows.nodes[STRETCH_ROWS : STRETCH_ROWS + 5] = 0
    return Capture(rows.keys, rows.rows, rows.alive, rows.nodes, rows.owners, settled)


@pytest.mark.parametrize("place", [0, 5, STRETCH_ROWS - 1, STRETCH_ROWS + 9, 2 * STRETCH_ROWS, COUNT - 1])
def test_the_first_row_without_a_node_is_found_wherever_it_is(place: int) -> None:
    capture = captured([place])
    assert [capture.settled_after(start) for start in (0, place, place + 1)] == [place, place, COUNT]
    assert capture.first_missing(3).tolist() == [place]


def test_where_every_row_has_a_node_nothing_is_missing() -> None:
    capture = captured([])
    assert [capture.settled_after(start) for start in (0, COUNT, COUNT + 9)] == [COUNT, COUNT, COUNT + 9]
    assert capture.first_missing(3).tolist() == []


def test_the_first_ones_are_those_that_all_begin_with() -> None:
    missing = [3, 4, STRETCH_ROWS - 1, STRETCH_ROWS + 7, 3 * STRETCH_ROWS, COUNT - 1]
    for settled in (0, 4, STRETCH_ROWS):
        capture = captured(missing, settled)
        for count in range(1, 8):
            assert capture.first_missing(count).tolist() == capture.missing()[:count].tolist()


@pytest.mark.parametrize("step", [1, 2, 7, 1 << 40])
@pytest.mark.parametrize("count", [1, 2, STRETCH_ROWS, 3 * STRETCH_ROWS + 17])
def test_keys_are_found_whatever_gaps_are_between_them(step: int, count: int) -> None:
    random = np.random.default_rng(count)
    gaps = np.where(random.random(count) < 0.01, step, 1)
    keys = np.cumsum(gaps) - 5
    wanted = np.concatenate([keys[random.integers(0, count, 50)], keys[:1] - 1, keys[-1:] + 1, keys[:1] - (1 << 50)])
    wanted = np.concatenate([wanted, wanted + 1, [np.iinfo(np.int64).min, np.iinfo(np.int64).max]])
    found, there = places(keys, wanted)
    assert (there == np.isin(wanted, keys)).all()
    assert (keys[found[there]] == wanted[there]).all()
    assert ((found >= 0) & (found < count)).all()
