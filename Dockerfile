# vecd on the CPU.   docker build --tag vecd:cpu .
# BuildKit builds it (the cache mounts are BuildKit's). Only the last stage becomes the image; docs/container.md tells
# how to run it, and tests/test_containers.py holds this file to pyproject.toml.

FROM python:3.11-slim-bookworm AS source
# ONNX Runtime reports its use to its makers unless it is told not to before it is imported; so too below.
ENV ORT_DISABLE_TELEMETRY=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore
# The compiler of the fused operators; it stays behind, as everything does but the folders copied below.
RUN apt-get update && apt-get install --yes --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# .dockerignore lets through what pyproject.toml packages, and nothing else.
COPY . .

# The one-time export, in an environment of its own: its checkpoint and its caches stay behind in this stage.
FROM source AS export
RUN python -m venv /opt/export
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/export/bin/pip install --constraint constraints.txt '.[cpu]'
RUN /opt/export/bin/python -m export --out /opt/vecd/models

# What serves. No pip inside: nothing is installed into it later.
FROM source AS build
RUN python -m venv --without-pip /opt/venv
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/venv/bin/python install --constraint constraints.txt '.[cpu]'

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="vecd" \
      org.opencontainers.image.description="Sentence embeddings and semantic search from one small daemon" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="python:3.11-slim-bookworm"
RUN groupadd --gid 10001 vecd \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin vecd \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=export /opt/vecd/models /opt/vecd/models
# PYTHONSAFEPATH keeps the current directory, which the user can write, off the import path.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    ORT_DISABLE_TELEMETRY=1 \
    VECD_HOST=0.0.0.0 \
    VECD_PORT=8000 \
    VECD_MODELS=/opt/vecd/models \
    VECD_DATA=/data \
    VECD_KEYS=/data/keys.json
WORKDIR /data
VOLUME /data
EXPOSE 8000
USER 10001:10001
# The empty ProxyHandler: a proxy meant for the outside must not be asked about this container's own port.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['VECD_PORT'] + '/health/ready', timeout=4)"]
STOPSIGNAL SIGTERM
# Beyond the container everybody is a stranger: put keys in (docs/container.md), and the server asks for them.
CMD ["python", "-m", "server", "--insecure"]
