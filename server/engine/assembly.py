"""The engine put together: settings and a loaded model in, an engine out, and the facts for HTTP."""

import datetime

from models import count_parameters, prompt_for
from server.contract.facts import Facts, Fidelity, Variant
from server.engine.admission import Admission, AdmissionLimits
from server.engine.cache import EmbeddingCache
from server.engine.engine import Engine, Model
from server.engine.metrics import Metrics
from server.engine.scheduling.calibration import CostModel, calibrate
from server.engine.scheduling.scheduler import Queue
from server.engine.scheduling.slots import Plan
from server.engine.scheduling.workers import Workers
from server.engine.sessions.loading import LoadedModel
from server.engine.tokenization import Tokenization
from server.settings import Settings

# On a CPU a token costs the same in a run of 64 tokens as in one of 1,024, and short runs keep waits short; a GPU is
# the faster the more tokens a run has.
TOKENS_PER_RUN = {"cpu": 256, "cuda": 16_384}


def build_engine(settings: Settings, model: LoadedModel, metrics: Metrics) -> Engine:
    limits = AdmissionLimits(
        max_concurrent_requests=settings.max_concurrent_requests, max_queue_tokens=settings.max_queue_tokens
    )
    manifest = model.manifest
    return Engine(
        Admission(limits),
        EmbeddingCache(settings.cache_bytes, model.variant_fingerprint),
        Tokenization(model.tokenizer),
        _build_workers(settings, model, metrics),
        metrics,
        Model(manifest.dimensions, manifest.max_tokens, settings.request_timeout_ms / 1e3),
    )


def _build_workers(settings: Settings, model: LoadedModel, metrics: Metrics) -> Workers:
    session, layout, provider = model.chosen.session, model.chosen.variant.layout, model.provider.provider
    probes = [model.tokenizer.encode(probe.text).ids for probe in model.manifest.probes]
    most = model.manifest.max_tokens
    on_all_cores = provider == "cpu" and model.cores > 1
    costs = CostModel(
        calibrate(session, probes, most),
        calibrate(session, probes, most, all_cores=True) if on_all_cores else (),
    )
    # A GPU executes one run at a time; a second thread prepares the next one.
    runs, threads = (model.cores, model.cores) if provider == "cpu" else (1, 2)
    plan = Plan(
        layout=layout,
        threads=threads,
        concurrent_runs=runs,
        max_tokens_per_run=tokens_per_run(settings, provider),
        probe=probes[0],
        most_here_s=settings.lone_text_ms / 1e3 if provider == "cpu" else 0.0,
    )
    return Workers(session, Queue(layout), costs, plan, metrics.ran)


def tokens_per_run(settings: Settings, provider: str) -> int:
    return settings.max_tokens_per_run or TOKENS_PER_RUN[provider]


def facts_of(settings: Settings, model: LoadedModel) -> Facts:
    """Return the facts for HTTP; `started` is now."""
    manifest, sizes, provider = model.manifest, model.manifest.architecture, model.provider
    prompt = prompt_for(manifest.prompts, "document")
    return Facts(
        names=tuple(dict.fromkeys([manifest.name, *manifest.aliases, *settings.model_alias])),
        revision=manifest.revision,
        license=manifest.license,
        family=str(sizes.get("model_type", "bert")),
        parameters=count_parameters(sizes),
        dimensions=manifest.dimensions,
        max_tokens=manifest.max_tokens,
        passage_tokens=manifest.max_tokens - len(model.tokenizer.encode(manifest.prompts.get(prompt or "", "")).ids),
        vocabulary=int(sizes["vocab_size"]),
        pooling=manifest.pooling,
        prompts=dict(manifest.prompts),
        query_prompt=prompt_for(manifest.prompts, "query"),
        document_prompt=prompt,
        fingerprint=manifest.model_fingerprint,
        variant=_variant_of(model),
        provider=provider.provider,
        provider_reason=provider.reason,
        cores=model.cores,
        max_tokens_per_run=tokens_per_run(settings, provider.provider),
        started=datetime.datetime.now(datetime.UTC),
    )


def labels_of(facts: Facts) -> dict[str, str]:
    """Return the facts that the metrics tell."""
    variant = facts.variant
    return {
        "name": facts.name,
        "variant": variant.name,
        "attention": variant.attention or "",
        "precision": variant.precision,
        "provider": facts.provider,
        "fingerprint": facts.fingerprint,
    }


def _variant_of(model: LoadedModel) -> Variant:
    variant = model.chosen.variant
    fidelity = variant.fidelity_with(model.attention or "")
    return Variant(
        name=variant.name,
        file=variant.file,
        size_bytes=model.manifest.files[variant.file].size_bytes,
        precision=variant.precision,
        fingerprint=model.variant_fingerprint,
        fidelity=Fidelity(
            mean=fidelity.cosine_mean,
            least=fidelity.cosine_min,
            measured_on=fidelity.measured_on,
            on_probes=model.chosen.probe_cosine,
        ),
        refused=model.chosen.refused,
        attention=model.attention,
        others=model.others,
    )
