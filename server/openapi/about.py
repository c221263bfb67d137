"""The description of the whole API in the document, which is written by hand."""

from server.openapi.guide import GUIDE

RULES = """\
Bodies are JSON in UTF-8 unless said otherwise; whole numbers are written without a fraction (10, not 10.0). Every
response carries `x-request-id`: yours, if you send one of at most 128 plain characters in a request that is whole HTTP;
it is in the log, too. It also carries `server-timing`, the milliseconds spent in queue, tokenizer and inference; of a
write that was held up while the graph of its collection was far behind, as `index` for how long.

- `x-request-timeout-ms: N` says how long you will wait. Work that has not begun by then is dropped (504), and if the
  predicted wait is longer than half of it, the request is refused at once (429, with `retry-after`, the predicted time
  until there is room). The setting `--request-timeout-ms` is the maximum.
- A key opens the routes of its scopes, and may be limited to collections: others are answered with 403, whether there
  are any or not, and lists, `/stats` and `/metrics` show its own alone. It may end at a time set beforehand (401).
  The cache of embeddings is each key's own.
- If you close the connection, your texts leave the queue.
- Texts wait for their turn fairly by tokens, between clients (their keys, or their addresses) and between the requests
  of one: a small request overtakes a large one. One bad text never fails other requests.
- A text that is longer than the model's maximum is truncated, and the answer says so: in `truncated` or in the header
  `x-truncated-inputs`. In each dialect a request can ask to have such a text refused instead;
  `/embed` and `/embed/batch` can also embed all of it (`truncate`: windows). Of documents nothing is cut off, unless
  their collection has no passages.
- `Accept: application/octet-stream` asks vecd's own routes for raw numbers: little-endian float32, row after row;
  `x-embedding-shape` has the number of rows and columns. MessagePack is accepted and answered like JSON.
- A body holds at most 2,500,000 values (numbers, texts, lists, objects), and fewer where they take many times its
  bytes: 600,000 numbers of one digit, or 190,000 texts of one letter.
- Every path that answers GET answers HEAD. A method that a path does not have is answered with 405 and `allow`, an
  unknown path with 404, both in the dialect of the path: errors under `/v1`, `/v2`, `/api` and `/tei` look as the
  clients of these expect, all others are problem documents (RFC 9457). A path with a slash more, or with characters
  encoded that need not be, is unknown. What is not HTTP, or is too large or too slow to become a request, is answered
  with a problem document everywhere, and the connection ends.
"""

# How each client is configured to find vecd; `KEY` is a key of vecd.
CLIENTS = {
    "openai": '`OpenAI(base_url="http://host:8000/v1", api_key=KEY)`',
    "cohere": '`ClientV2(KEY, base_url="http://host:8000")`',
    "ollama": '`Client("http://host:8000", headers={"Authorization": f"Bearer {KEY}"})`',
    "huggingface_hub": '`InferenceClient(model="http://host:8000/tei", token=KEY)`',
    "langchain-openai": '`OpenAIEmbeddings(model="all-MiniLM-L6-v2", base_url="http://host:8000/v1", api_key=KEY, '
    "check_embedding_ctx_length=False)`: without the last argument it sends another tokenizer's ids, which are refused",
    "langchain-ollama": '`OllamaEmbeddings(model="all-minilm", base_url="http://host:8000")`',
    "langchain-huggingface": "`HuggingFaceEndpointEmbeddings(...)`, with its `client` and `async_client` set to those "
    "of huggingface_hub, because its `model` cannot be an address",
    "llama-index": '`TextEmbeddingsInference(model_name="sentence-transformers/all-MiniLM-L6-v2", '
    'base_url="http://host:8000/tei", auth_token=KEY)`',
}
ROWS = "\n".join(f"| {name} | {how} |" for name, how in CLIENTS.items())
DESCRIPTION = f"""{RULES}
Clients, with `KEY` a key of vecd or, without keys, any word:

| client | how it finds vecd |
| --- | --- |
{ROWS}

{GUIDE}"""
