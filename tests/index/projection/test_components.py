"""Principal components block by block are those of a singular value decomposition of all rows at once."""

import numpy as np
import pytest
from numpy.typing import NDArray

from index.projection.components import BLOCK_ROWS, Rows, evenly, places_of, plane_of
from tests.index.vectors import NDIM, clustered

Floats = NDArray[np.float64]


def all_of(rows: NDArray[np.floating]) -> Rows:
    return Rows(rows.astype(np.float16), np.arange(len(rows)))


def decomposed(rows: Rows) -> tuple[Floats, Floats, Floats]:
    """The places (n, 2), the components (2, ndim) and their shares, by numpy's decomposition."""
    chosen = rows.every[rows.slots].astype(np.float64)
    apart = chosen - chosen.mean(0)
    left, values, right = np.linalg.svd(apart, full_matrices=False)
    return left[:, :2] * values[:2], right[:2], (values**2 / (values**2).sum())[:2]


def spread(count: int, seed: int = 1) -> Rows:
    """Rows whose variance differs from component to component, so that each has one direction."""
    random = np.random.default_rng(seed)
    return all_of(random.normal(size=(count, NDIM)) * np.linspace(1.0, 0.1, NDIM) ** 2 + 0.3)


@pytest.mark.parametrize("count", [3, 50, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS + 7])
def test_places_components_and_shares_are_those_of_a_decomposition(count: int) -> None:
    rows = spread(count)
    plane = plane_of(rows)
    places, components, shares = decomposed(rows)
    signs = np.sign((components * plane.components).sum(1))
    assert np.allclose(components * signs[:, None], plane.components, atol=2e-4)
    assert np.allclose(places * signs, places_of(rows, plane), atol=2e-3)
    assert np.allclose(shares, plane.explained, rtol=1e-4)
    assert np.allclose(plane.components @ plane.components.T, np.eye(2), atol=1e-5)
    assert np.allclose(plane.mean, rows.every.astype(np.float64).mean(0), atol=1e-6)


def test_rows_on_a_known_plane_stand_where_they_were_put() -> None:
    base = np.full(NDIM, 0.25)
    first, second = np.eye(NDIM)[3], -np.eye(NDIM)[7]
    corners = [(2.0, 0.5), (2.0, -0.5), (-2.0, 0.5), (-2.0, -0.5)]
    rows = all_of(np.array([base + a * first + b * second for a, b in corners]))
    plane = plane_of(rows)
    assert plane.mean.tolist() == base.tolist()
    assert np.allclose(plane.components, [first, -second], atol=1e-6)
    assert np.allclose(places_of(rows, plane), [(a, -b) for a, b in corners], atol=1e-5)
    assert plane.explained == pytest.approx((16 / 17, 1 / 17))


def test_the_largest_number_of_each_component_is_positive_in_whatever_order_the_rows_come() -> None:
    rows = spread(500)
    planes = [plane_of(Rows(rows.every, slots)) for slots in (rows.slots, rows.slots[::-1])]
    for plane in planes:
        assert all(one[np.abs(one).argmax()] > 0 for one in plane.components)
    assert np.allclose(planes[0].components, planes[1].components, atol=1e-4)


def test_only_the_rows_at_the_slots_count() -> None:
    rows, slots = clustered(100, seed=3), np.arange(0, 100, 3)
    some, alone = plane_of(Rows(rows.astype(np.float16), slots)), plane_of(all_of(rows[slots]))
    assert (some.components == alone.components).all()
    assert (some.mean == alone.mean).all()


@pytest.mark.parametrize("count", [0, 1, 2, 5_000])
def test_where_nothing_differs_all_is_zero_and_finite(count: int) -> None:
    rows = all_of(np.tile(clustered(1, seed=5), (count, 1)))
    plane = plane_of(rows)
    assert plane.explained == (0.0, 0.0)
    assert not plane.components.any()
    assert plane.components.shape == (2, NDIM)
    assert places_of(rows, plane).tolist() == [[0.0, 0.0]] * count
    assert np.isfinite(plane.mean).all()


def test_rows_on_a_line_have_one_component() -> None:
    ends = clustered(2, seed=6)
    rows = all_of(np.repeat(ends, 10, 0))
    plane = plane_of(rows)
    assert plane.explained == pytest.approx((1.0, 0.0))
    assert not plane.components[1].any()
    places = places_of(rows, plane)
    assert not places[:, 1].any()
    assert len(np.unique(places[:, 0])) == 2


@pytest.mark.parametrize(("count", "most"), [(0, 5), (5, 5), (6, 5), (11, 5), (1_000_003, 1_000)])
def test_what_is_taken_evenly_is_the_same_distance_apart(count: int, most: int) -> None:
    taken = evenly(count, most)
    assert len(taken) == min(count, most)
    assert taken[:1].tolist() == [0][: len(taken)]
    distances = np.diff(taken)
    assert not len(distances) or distances.max() - distances.min() <= 1
    assert not len(taken) or 0 <= taken[-1] < count
