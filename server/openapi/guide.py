"""What the document says of documents and search as a whole: durability, collections, scores, filters."""

KEEPING = """\
## Documents and search

A document has an id (1 to 512 bytes of UTF-8 without NUL), a text and metadata (an object). vecd embeds the text as
`/embed/batch` does.

- **Durable.** A write is answered after its commit has reached the disk: what was acknowledged is there after the
  process is killed or, where the disk does as it is told, the power fails; and what was not is there whole or not at
  all. Searches see it at once. With `--data :memory:` nothing is kept.
- **Ids.** In a path an id is percent-encoded, and decoded once: `a%2Fb` is `a/b`. Clients that normalize paths give it
  as `?id=` to `GET` and `DELETE /index`.
- **Collections.** Each route of `/index` and `/search` is also there under `/collections/{name}`, as in
  `POST /collections/{name}/search`, and does the same for the collection of that name; without one it is the collection
  `default`. `PUT /collections/{name}` with `{}` makes a collection.
- **Another model.** A collection of which the vectors are another model's answers writes and searches by vector with
  409, until it is reindexed; `GET`, `DELETE` and searches in mode text go on.

`POST /index/batch` takes JSON as one transaction, all documents or none, or NDJSON, a document a line, of any length.
NDJSON is kept in groups of at most 64 lines while it comes in. A line that is wrong holds up no other: `errors` of the
answer has its number, its status and why. Where everything has to stop, the status is that of the cause, and `detail`
says up to which line all is done; sending it again does no harm, as an id that is there is replaced.

```
printf '%s\\n' '{"id": "py", "text": "Python is a language", "metadata": {"year": 1991}}' '{"id": "", "text": "?"}' |
  curl http://127.0.0.1:8000/index/batch -H 'content-type: application/x-ndjson' --data-binary @-

{"indexed": 1, "failed": 1, "errors": [
  {"line": 2, "status": 422, "detail": "an id takes 1 to 512 bytes of UTF-8; this one takes 0"}]}
```

A search is by one of `query` (a text), `vector` and `like` (the id of a document, for others that are like it), best
hits first:

| mode | finds | score | `threshold` left out |
| --- | --- | --- | --- |
| `vector` | what means the same | cosine, at most 1 | 0.5 |
| `text` | what holds one of the words at least | bm25, larger is better, without an upper bound | none |
| `hybrid` | either | the sum of 1 / (60 + rank) over both rankings | none |

`vector` is for mode vector alone; `like` takes the document's vector, and in the modes text and hybrid its text. A
`threshold` is compared with the mode's own score.
"""

FILTERS = """\
### Filters

`filter` of a search and of `POST /index/delete` says which documents count, by the fields at the top of their metadata;
several fields, and several operators of a field, must all hold.

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

Values are compared with values of their kind alone: booleans, numbers, strings. What is null, an object or an array
equals nothing, and `$exists` finds it. A filter is at most 8 deep and has at most 64 conditions and 1,000 values;
integers have 64 bits. A search takes `{}` as no filter, a deletion refuses it.

```
POST /search
{"query": "programming languages", "mode": "hybrid", "filter": {"year": {"$lt": 2000}, "$not": {"by": "Ada"}}}
```
"""
GUIDE = f"{KEEPING}\n{FILTERS}"
