"""The index's errors leave the documents' wing as the contract's."""

from typing import get_args

import pytest

import index
from index import CallerError, IndexRoomError
from server.contract import errors, limits
from server.contract.collections import Language
from server.documents.library import ERRORS, error_for, translated_errors

# The server does not start with these, or they are its own fault, or nobody waits for what they would tell.
UNTOLD = {
    index.FolderInUseError,
    index.DamagedError,
    index.NewerSchemaError,
    index.UnreadableError,
    index.StoppedError,
}


def test_every_error_of_the_index_is_translated_or_our_own_fault() -> None:
    known = {*IndexRoomError.__subclasses__(), *CallerError.__subclasses__()} - {CallerError}
    assert known - ERRORS.keys() == UNTOLD
    for kind in UNTOLD:
        assert type(error_for(kind("damaged"))) is errors.IndexFaultError


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_keeps_its_name_and_its_message(kind: type[IndexRoomError]) -> None:
    with pytest.raises(errors.ServerError, match=r"^said$") as raised, translated_errors():
        raise kind("said")
    assert type(raised.value).__name__ == ("ClosedError" if kind is index.ReopenedError else kind.__name__)
    assert isinstance(raised.value, errors.CallerError) == issubclass(kind, CallerError)


@pytest.mark.parametrize("kind", ERRORS.values())
def test_an_error_crosses_as_data_and_is_the_same_again(kind: type[errors.ServerError]) -> None:
    again = errors.error_of(errors.failure_of(kind("said")))
    assert (type(again), str(again)) == (kind, "said")


def test_the_limits_that_the_document_tells_are_those_of_the_index() -> None:
    told = {name: getattr(limits, name) for name in dir(limits) if name.isupper()}
    assert told.pop("MAX_METADATA_KIB") * 1024 == index.MAX_METADATA_BYTES
    assert told.pop("COLLECTION_NAME") == index.COLLECTION_NAME
    assert told == {name: getattr(index, name) for name in told}
    assert set(get_args(Language)) == index.LANGUAGES
