"""Everything that the server answers: every dialect and every route. A table; nothing is built here."""

from litestar.handlers import HTTPRouteHandler

from server.routes import (
    batches,
    cohere,
    collections,
    docs,
    documents,
    native,
    ollama,
    openai,
    search,
    status,
    tei,
    tei_model,
)

# One dialect has no prefix and therefore everything else: it is the last.
DIALECTS = (openai.OPENAI, tei.TEI, cohere.COHERE, ollama.OLLAMA, native.NATIVE)
ROUTES: list[HTTPRouteHandler] = [
    *native.ROUTES,
    *documents.ROUTES,
    *batches.ROUTES,
    *search.ROUTES,
    *collections.ROUTES,
    *openai.ROUTES,
    *tei.ROUTES,
    *tei_model.ROUTES,
    *cohere.ROUTES,
    *ollama.ROUTES,
    *status.ROUTES,
    *docs.ROUTES,
]
