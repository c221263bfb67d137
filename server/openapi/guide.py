"""The guide to documents and search in the OpenAPI document: durability, collections, scores, filters."""

KEEPING = """\
## Documents and search

A document has an id (1 to 512 bytes of UTF-8 without NUL), a text and metadata (an object). A text that the model reads
whole is embedded as by `/embed/batch`. A longer one is cut into passages, and found by its best one.

- **Durable.** A write is answered after its commit has reached the disk: an acknowledged write survives a kill of the
  process and, if the disk honours flushes, a power failure; any other write is there whole or not at all. Searches see
  it at once. With `--data :memory:` nothing is stored on disk.
- **Ids.** In a path an id is percent-encoded, and decoded once: `a%2Fb` is `a/b`. Clients that normalize paths give it
  as `?id=` to `GET` and `DELETE /index`.
- **Collections.** Each route of `/index` and `/search` also exists under `/collections/{name}`, as in
  `POST /collections/{name}/search`, for the collection with that name; without a name it is the collection `default`.
  `PUT /collections/{name}` creates a collection, and changes its settings: how texts are cut into passages, the
  language of their words, and the threshold of searches in mode vector. `GET` shows those in force.
- **Another model.** A collection whose vectors are another model's answers writes and searches by vector with 409 until
  it is reindexed; `GET`, `DELETE` and searches in mode text still work.

`POST /index/batch` takes JSON as one transaction, all documents or none, or NDJSON, a document per line, of any length.
NDJSON is stored in groups of at most 64 lines while it arrives. A wrong line does not stop the others: `errors` of the
answer has its number, its status and the reason. Where the stream has to stop, the status is that of the cause, and
`detail` says up to which line all is done; sending it again does no harm, as a document replaces the one with its id.

```
printf '%s\\n' '{"id": "py", "text": "Python is a language", "metadata": {"year": 1991}}' '{"id": "", "text": "?"}' |
  curl http://127.0.0.1:8000/index/batch -H 'content-type: application/x-ndjson' --data-binary @-

{"indexed": 1, "failed": 1, "errors": [
  {"line": 2, "status": 422, "detail": "an id takes 1 to 512 bytes of UTF-8; this one takes 0"}]}
```

A search is by one of `query` (a text), `vector` and `like` (the id of a document, for others similar to it); the best
hits come first:

| mode | finds | score | default `threshold` |
| --- | --- | --- | --- |
| `vector` | similar meanings | cosine, at most 1 | the collection's |
| `text` | at least one of the words | BM25, larger is better, without an upper bound | none |
| `hybrid` | either | the weighted sum of both, from 0 to 1 | none |

Words of the collection's language are found by their stems; words in double quotes are a phrase, which hits must hold
where nothing stands beside it. With `prefix` the last word may be the beginning of one, with `typos` words of five
letters and more may be one letter off. In English `the`, `is` and their like are left out of a query that has other
words, and of more than 1,024 different words the most common, which the header `x-words-ignored` tells.

`vector` is for mode vector only; `like` uses the document's vector, and in the modes text and hybrid its text. A
`threshold` is compared with the mode's own score; `-1` leaves nothing out in any mode, and null is as left out. The
threshold of a collection is none unless it was given one, but that of the collection `default` is `--search-threshold`
until then. What it takes of the `top_k` best is told: the header `x-hits-below-threshold` of the answer counts them,
those of all searches of a batch together. A threshold that the search itself gives adds no header.

Hybrid knows the cosine and BM25 of every document that either side finds among its best 100, or `top_k` if that is
more, and brings both to 0 to 1. A cosine is 1 if it is the greatest, 0 from 0.35 of that downwards, and in proportion
between. BM25 is divided by the greatest, but at least by a third of what all words of the query are worth. The score
is `weight` (0.5) of the former and the rest of the latter; of equal scores the greater cosine is first, then the older
document. `"fusion": "rrf"` adds 1 / (60 + rank) over the rankings in which the document stands instead. With
`"explain": true` each hit tells what it was ranked by:

```
POST /search
{"query": "programming languages", "mode": "hybrid", "top_k": 1, "explain": true}

[{"id": "py", "text": "Python is a programming language", "score": 0.9, "metadata": {"year": 1991},
  "passage": {"start": 0, "end": 32}, "explain": {
  "vector": {"score": 0.625, "normalized": 1.0}, "text": {"score": 2.1, "normalized": 0.8}}}]
```

In the modes vector and text it has the one side and its `score`; of fused ranks each side that found the document, with
its `rank` in place of `normalized`.
"""

FILTERS = """\
### Filters

`filter` of a search and of `POST /index/delete` selects documents by the top-level fields of their metadata; several
fields, and several operators of a field, must all hold.

| filter | holds where |
| --- | --- |
| `{"year": 1991}` | the field is this boolean, number or string; the same as `{"year": {"$eq": 1991}}` |
| `{"year": {"$ne": 1991}}` | it is anything else, or is not there |
| `{"year": {"$gte": 1990, "$lt": 2000}}` | it is within these; `$gt` and `$lte` likewise, for numbers and for strings |
| `{"by": {"$in": ["Guido", "Ada"]}}` | it is one of these; `$nin`: none of these, or not there |
| `{"tags": {"$contains": "web"}}` | it is an array that has this element |
| `{"by": {"$exists": true}}` | it is there, whatever it is; `false`: it is not |
| `{"year": {"$not": {"$gt": 2000}}}` | this does not hold of it, or it is not there |
| `{"$or": [{"year": 1991}, {"tags": {"$contains": "web"}}]}` | one of these filters holds; `$and`: all do |
| `{"$not": {"year": 1991, "by": "Guido"}}` | this filter does not hold |

Values are compared only with values of their kind: booleans, numbers, strings. A field that is null, an object or an
array equals nothing, but `$exists` finds it. A filter is at most 8 deep and has at most 64 conditions and 1,000 values;
integers have 64 bits. In a search `{}` means no filter; a deletion refuses it, and any
other filter that holds for every document by its form.

```
POST /search
{"query": "programming languages", "mode": "hybrid", "filter": {"year": {"$lt": 2000}, "$not": {"by": "Ada"}}}
```
"""
GUIDE = f"{KEEPING}\n{FILTERS}"
