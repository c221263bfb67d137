"""The cache: bounded, least recently used out first, keyed by text and output."""

import numpy as np

from server.engine.cache import ENTRY_OVERHEAD_BYTES, CachedEmbedding, EmbeddingCache

ROW = np.arange(4, dtype=np.float32)
ENTRY = CachedEmbedding(ROW.tobytes(), 3, truncated=False)
SIZE = len(ENTRY.row) + ENTRY_OVERHEAD_BYTES


def cache_of(entries: int) -> EmbeddingCache:
    return EmbeddingCache(entries * SIZE, "fingerprint")


def test_what_was_put_is_found_with_its_bits() -> None:
    cache = cache_of(2)
    key = cache.key("text", "pooled")
    assert cache.find(key) is None
    cache.put(key, ENTRY)
    found = cache.find(key)
    assert found is not None
    assert found.row == ROW.tobytes()
    assert (cache.hits, cache.misses) == (1, 1)


def test_the_least_recently_used_goes_first_and_bytes_stay_bounded() -> None:
    cache = cache_of(3)
    keys = [cache.key(str(i), "pooled") for i in range(4)]
    for key in keys[:3]:
        cache.put(key, ENTRY)
    cache.find(keys[0])
    cache.put(keys[3], ENTRY)
    assert [cache.find(key) is not None for key in keys] == [True, False, True, True]
    assert cache.used_bytes == 3 * SIZE
    assert len(cache) == 3


def test_an_entry_put_twice_counts_once() -> None:
    cache = cache_of(3)
    for _ in range(5):
        cache.put(cache.key("same", "pooled"), ENTRY)
    assert cache.used_bytes == SIZE


def test_a_cache_of_no_bytes_keeps_nothing() -> None:
    cache = EmbeddingCache(0, "fingerprint")
    cache.put(cache.key("text", "pooled"), ENTRY)
    assert len(cache) == cache.used_bytes == 0


def test_an_owner_finds_its_own_entries_alone_and_without_one_all_share() -> None:
    cache = cache_of(3)
    for owner in ("key 1", "key 2", ""):
        key = cache.key("text", "pooled", owner)
        assert cache.find(key) is None
        cache.put(key, ENTRY)
        assert cache.find(key) is not None
    assert (cache.hits, cache.misses, len(cache)) == (3, 3, 3)
    ids = {cache.key((97,), "pooled", owner) for owner in ("key 1", "key 2", "")}
    assert len(ids) == 3


def test_keys_tell_texts_outputs_and_processes_apart() -> None:
    one, other = cache_of(1), cache_of(1)
    keys = {
        one.key("a", "pooled"),
        one.key("b", "pooled"),
        one.key("a", "unit end"),
        one.key((97,), "pooled"),
        other.key("a", "pooled"),
    }
    assert len(keys) == 5
