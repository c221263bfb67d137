"""vecd's own dialect: every path without another dialect's prefix; errors are problem documents (RFC 9457)."""

from server.web.dialect import Dialect, ErrorAnswer, Problem
from server.web.problem_document import PROBLEM_JSON, ProblemDocument


def answer_error(problem: Problem) -> ErrorAnswer:
    status = problem.status
    document = ProblemDocument(
        title=status.phrase, status=status.value, detail=problem.detail, request_id=problem.request_id
    )
    return ErrorAnswer(status, document)


NATIVE = Dialect(
    name="vecd",
    about="vecd's own dialect. Unknown fields are refused; errors are problem documents (RFC 9457).",
    prefix="",
    answer_error=answer_error,
    error=ProblemDocument,
    media_type=PROBLEM_JSON,
)
