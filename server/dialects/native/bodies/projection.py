"""Bodies of the route that shows documents as points of a plane."""

from typing import Annotated

import msgspec

from server.dialects.native.bodies.documents import Filter, Row

DEFAULT_PROJECTED, MAX_PROJECTED = 20_000, 100_000


class ProjectionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which documents to show, and the values of which field of their metadata; without a field none."""

    field: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    filter: Filter | None = None
    limit: Annotated[
        int,
        msgspec.Meta(
            ge=1, le=MAX_PROJECTED, description="how many documents at most; of more, evenly taken ones are shown"
        ),
    ] = DEFAULT_PROJECTED


class Projection(msgspec.Struct):
    """Documents as points of a plane: that of the first two principal components of the vectors of first passages.

    `documents` is how many match; the plane is that of all there are, match or not. Those shown are in the order in
    which they were written: the document `ids[n]` stands at `x[n]`, `y[n]`, and has `values[n]` in the field, null
    where that is no boolean, number or string; of strings there are the first 200 characters. Any other vector stands
    at the sums of `(vector - mean) * components[0]` and of `(vector - mean) * components[1]`; along each component is
    the share `explained` of the variance. `state` is the same only while no document has changed.
    """

    documents: int
    ids: list[str]
    x: list[float]
    y: list[float]
    values: list[bool | int | float | str | None]
    mean: Row
    components: Annotated[list[Row], msgspec.Meta(min_length=2, max_length=2)]
    explained: Annotated[list[float], msgspec.Meta(min_length=2, max_length=2)]
    state: str
