"""The guide to documents and search in the OpenAPI document: durability, collections, scores, hits, filters."""

KEEPING = """\
## Documents and search

A document has an id (1 to 512 bytes of UTF-8 without NUL), a text and metadata (an object). A text that the model reads
whole is embedded as by `/embed/batch`. A longer one is cut into passages, and found by its best one.

- **Durable.** A write is answered after its commit has reached the disk: an acknowledged write survives a kill of the
  process and, if the disk honours flushes, a power failure; any other write is there whole or not at all. Searches see
  it at once. With `--data :memory:` nothing is stored on disk.
- **Ids.** In a path an id is percent-encoded, and decoded once: `a%2Fb` is `a/b`. Clients that normalize paths give it
  as `?id=` to `GET` and `DELETE /index`. A document that is written without an id gets a UUID, which the answer tells;
  an integer means its decimal digits.
- **Vectors of your own.** A document written with `vector` is not embedded: that is the vector of its whole text, and
  has to be this model's. A text that is stored already, under any id, is not embedded again either.
- **For a while.** With `ttl_s` or `expires_at` a document is gone from then on, also after a restart: no search, list
  or count has it. A write without either keeps it for good.
- **Lists.** `GET /index` lists documents in the order of their ids' bytes, with `filter` (JSON, percent-encoded) those
  that match, with `fields` only what is named: `GET /index?fields=id,metadata&filter=%7B%22year%22%3A1991%7D`.
  `POST /index/count` counts them, `POST /index/facets` counts the values of fields.
- **A map.** `POST /index/projection` gives documents as points of a plane, where similar ones are near each other, and
  what places any other vector among them.
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

HITS = """\
### What a search gives

| field of a search | what it does |
| --- | --- |
| `top_k`, `offset` | gives so many hits (10) after passing over so many; 1,000 together at most |
| `fields` | names what hits have: `id`, `text`, `score`, `metadata`, `passage`, `vector`; left out, all but `vector` |
| `snippet` | `true` or `{"max_characters": 200}` adds the part of the text that says why it was found |
| `group_by`, `per_group` | of documents with the same value in this metadata field only the `per_group` best are hits |
| `mmr` | `{"diversity": 0.5}` has each hit differ from those before it (maximal marginal relevance) |

```
POST /search
{"query": "programming languages", "fields": ["id", "score"], "snippet": {"max_characters": 24}}

[{"id": "py", "score": 0.625, "snippet": {"text": "a programming language", "start": 10, "end": 32,
  "marks": [{"start": 2, "end": 13}, {"start": 14, "end": 22}]}}]
```

A snippet's `start` and `end` are characters of the document's text, those of its `marks` count from the snippet's
start; marks are the words of the query, by their stems. It lies in the passage that was found, where that holds a word
of the query or the search is by meaning alone.

The order of things: the ranking, then the threshold, then `group_by`, then `mmr`, then `offset`. Groups are of equal
booleans, numbers or strings; documents without such a value stand for themselves. `mmr` chooses among the best four
times `offset` and `top_k`, 50 at least, the one with the greatest (1 - diversity) × relevance - diversity × the
greatest cosine to a hit before it; relevance is the cosine in mode vector, in the other modes the score divided by the
greatest. `score` stays what it is without either. Both look at no more than the best 4,096 documents.

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
| `{"path": {"$prefix": "work/"}}` | it is a string that begins so |
| `{"by": {"$in": ["Guido", "Ada"]}}` | it is one of these; `$nin`: none of these, or not there |
| `{"tags": {"$contains": "web"}}` | it is an array that has this element |
| `{"by": {"$exists": true}}` | it is there, whatever it is; `false`: it is not |
| `{"year": {"$not": {"$gt": 2000}}}` | this does not hold of it, or it is not there |
| `{"$or": [{"year": 1991}, {"tags": {"$contains": "web"}}]}` | one of these filters holds; `$and`: all do |
| `{"$not": {"year": 1991, "by": "Guido"}}` | this filter does not hold |

Values are compared only with values of their kind: booleans, numbers, strings. A field that is null, an object or an
array equals nothing, but `$exists` finds it. A filter is at most 8 deep and has at most 64 conditions and 1,000 values;
integers have 64 bits. Each condition takes time for the documents that it holds for, or for those that are left of the
conditions before it where these are fewer; it ends with the time of its request, or when the client leaves.

Strings are compared byte by byte, so times compare as they should where all are written alike, as
`2026-11-29T21:40:00Z` is: `{"modified": {"$gte": "2026-11-01", "$lt": "2026-12-01"}}` is that November. In a search
`{}` means no filter; a deletion refuses it, and any other filter that holds for every document by its form.

```
POST /search
{"query": "programming languages", "mode": "hybrid", "filter": {"year": {"$lt": 2000}, "$not": {"by": "Ada"}}}
```
"""
GUIDE = f"{KEEPING}\n{HITS}{FILTERS}"
