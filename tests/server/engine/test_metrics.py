"""What Prometheus is shown: everything from the start with zeros, and true numbers afterwards."""

import httpx
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from server.contract.embedding import Timing
from server.engine.admission import REASONS
from server.engine.metrics import Metrics
from server.engine.scheduling.slots import RunFigures
from tests.running import RunningServer, start_server
from tests.tiny import TINY

EXPECTED = {
    "vecd_http_requests",
    "vecd_texts",
    "vecd_tokens",
    "vecd_truncated_texts",
    "vecd_computed_tokens",
    "vecd_padding_tokens",
    "vecd_wait_seconds",
    "vecd_tokenize_seconds",
    "vecd_inference_seconds",
    "vecd_encode_seconds",
    "vecd_run_texts",
    "vecd_run_tokens",
    "vecd_refusals",
    "vecd_queue_texts",
    "vecd_queue_tokens",
    "vecd_queue_drain_seconds",
    "vecd_requests_in_work",
    "vecd_inflight_texts",
    "vecd_joined_texts",
    "vecd_cache_hits",
    "vecd_cache_misses",
    "vecd_cache_evictions",
    "vecd_cache_entries",
    "vecd_cache_bytes",
    "vecd_cache_size_bytes",
    "vecd_workers",
    "vecd_workers_busy",
    "vecd_worker_deaths",
    "vecd_ready",
    "vecd_event_loop_tasks",
    "vecd_model_info",
    "process_resident_memory_bytes",
}

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(client: httpx.Client) -> tuple[set[str], Samples]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = list(text_string_to_metric_families(answer.text))
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }
    return {family.name for family in families}, samples


@pytest.mark.e2e
def test_everything_is_there_before_the_first_request_with_zeros(tiny_models: object) -> None:
    with start_server("--models", str(tiny_models), "--model", TINY) as server, server.client() as client:
        names, samples = scrape(client)
    assert names >= EXPECTED
    for (name, _), value in samples.items():
        if name.startswith("vecd_") and name.endswith(("_total", "_count", "_sum", "_bucket")):
            # Whose vectors an empty collection holds is written down at the start.
            assert value == (name == "vecd_index_commits_total"), name
    assert samples["vecd_ready", ()] == 1
    assert {labels for name, labels in samples if name == "vecd_refusals_total"} == {
        (("reason", reason),) for reason in REASONS
    }
    assert ("vecd_http_requests_total", (("route", "/embed"), ("status", "200"))) in samples


def test_what_was_done_is_counted(tiny_server: RunningServer) -> None:
    with tiny_server.client() as client:
        _, before = scrape(client)
        texts = ["some words", "some words", "other " * 500]
        for _ in range(2):
            assert client.post("/embed", json={"texts": texts}).status_code == 200
        assert client.post("/embed", content=b"{", headers={"content-type": "application/json"}).status_code == 400
        assert client.get("/nowhere/at/all").status_code == 404
        _, after = scrape(client)

    def grown(name: str, **labels: str) -> float:
        key = (name, tuple(sorted(labels.items())))
        return after[key] - before.get(key, 0.0)

    assert grown("vecd_texts_total") == 6
    assert grown("vecd_truncated_texts_total") == 2
    assert grown("vecd_cache_hits_total") == 2
    assert grown("vecd_cache_misses_total") == 2
    assert grown("vecd_computed_tokens_total") > 0
    assert grown("vecd_wait_seconds_count") == 1  # the second time all came from the cache
    assert grown("vecd_encode_seconds_count") == 2
    assert grown("vecd_http_requests_total", route="/embed", status="200") == 2
    assert grown("vecd_http_requests_total", route="/embed", status="400") == 1
    assert grown("vecd_http_requests_total", route="unknown", status="404") == 1
    assert after["vecd_queue_texts", ()] == after["vecd_inflight_texts", ()] == 0
    assert not any("nowhere" in str(labels) for _, labels in after)


def test_open_metrics_are_given_to_who_asks(tiny_server: RunningServer) -> None:
    with tiny_server.client() as client:
        answer = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_padding_is_counted() -> None:
    metrics = Metrics(CollectorRegistry())
    metrics.ran(RunFigures(texts=2, tokens=15, computed_tokens=20, seconds=0.01))
    metrics.embedded(Timing(tokenize_s=0.1, queue_s=0.2), [])
    value = metrics.registry.get_sample_value
    assert value("vecd_padding_tokens_total") == 5
    assert value("vecd_computed_tokens_total") == 20
    assert value("vecd_wait_seconds_sum") == pytest.approx(0.2)
