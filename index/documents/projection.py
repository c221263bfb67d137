"""A projection: the documents of a collection as points of a plane, and how any other vector is placed among them."""

from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
FieldValue: TypeAlias = bool | int | float | str | None


class Plane(msgspec.Struct, frozen=True, eq=False):
    """The plane along which vectors differ most: a vector stands at `(vector - mean) @ components.T`.

    `mean` (ndim,), `components` (2, ndim) of unit length, at right angles, and `explained` (2,), the share of the
    variance along each. A component along which nothing differs is zeros.
    """

    mean: Floats
    components: Floats
    explained: tuple[float, float]


class Projection(msgspec.Struct, frozen=True, eq=False):
    """Documents in the order in which they were written: `ids`, and where each stands, `x` and `y` (n,).

    `documents` is how many match, of which these are all or evenly taken; the plane is that of all there are. `values`
    are those of the field that was asked for, None where a document has no boolean, number or string in it; without a
    field there are none. `state` is the same only while no document has changed.
    """

    documents: int
    ids: list[str]
    x: Floats
    y: Floats
    values: list[FieldValue]
    plane: Plane
    state: str
