import numpy as np

from bench.retrieval.exact import name_orders, nearest
from bench.retrieval.fusion import candidates, weighted_sum


def test_the_nearest_come_first_whatever_their_length_and_equal_ones_in_their_order() -> None:
    documents = np.array([[0.0, 1], [5, 0], [1, 1], [2, 0], [-1, 0]], np.float32)
    orders = nearest(np.array([[3.0, 0]], np.float32), documents, 4)
    assert name_orders(orders, "abcde") == [["b", "d", "c", "a"]]


def test_candidates_are_those_of_either_order_once() -> None:
    assert candidates([3, 1], [1, 7]) == [3, 1, 7]


def test_a_sum_is_of_cosines_between_their_least_and_greatest_and_of_words_by_their_greatest() -> None:
    # 0.5 * 1 + 0.5 * 0.2, 0.5 * 0.5 + 0.5 * 1, 0.5 * 0 + 0.5 * 0.9
    order = weighted_sum([10, 11, 12], np.array([0.9, 0.7, 0.5]), np.array([2.0, 10.0, 9.0]))
    assert order.tolist() == [11, 10, 12]
    assert weighted_sum([10, 11, 12], np.array([0.9, 0.7, 0.5]), np.array([2.0, 10.0, 9.0]), 1).tolist() == [11]


def test_where_no_word_is_found_or_all_cosines_are_equal_the_other_decides() -> None:
    assert weighted_sum([4, 5], np.array([0.1, 0.3]), np.zeros(2)).tolist() == [5, 4]
    assert weighted_sum([4, 5], np.array([0.3, 0.3]), np.array([1.0, 2.0])).tolist() == [5, 4]
