"""The tables of all dialects and all routes; nothing is built here."""

from litestar.handlers import HTTPRouteHandler

from server.console import page as console
from server.dialects.cohere import routes as cohere
from server.dialects.native import batches, collections, documents, embeddings, listing, projection, search, status
from server.dialects.native.dialect import NATIVE
from server.dialects.ollama import routes as ollama
from server.dialects.openai import routes as openai
from server.dialects.tei import embeddings as tei
from server.dialects.tei import model as tei_model
from server.openapi import page

# The native dialect comes last: it has no prefix, and so has every path that no other dialect has.
DIALECTS = (openai.OPENAI, tei.TEI, cohere.COHERE, ollama.OLLAMA, NATIVE)
ROUTES: list[HTTPRouteHandler] = [
    *embeddings.ROUTES,
    *documents.ROUTES,
    *batches.ROUTES,
    *listing.ROUTES,
    *projection.ROUTES,
    *search.ROUTES,
    *collections.ROUTES,
    *openai.ROUTES,
    *tei.ROUTES,
    *tei_model.ROUTES,
    *cohere.ROUTES,
    *ollama.ROUTES,
    *status.ROUTES,
    *console.ROUTES,
    *page.ROUTES,
]
