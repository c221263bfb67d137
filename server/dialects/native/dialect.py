"""vecd's own dialect: which paths are its, and how it tells errors (RFC 9457 problem documents)."""

from server.web.dialect import Dialect, Problem, Told
from server.web.problem_document import PROBLEM_JSON, ProblemDocument


def tell(problem: Problem) -> Told:
    """Return a problem document."""
    status = problem.status
    document = ProblemDocument(
        title=status.phrase, status=status.value, detail=problem.detail, request_id=problem.request_id
    )
    return Told(status, document)


NATIVE = Dialect(
    name="vecd",
    about="vecd's own dialect. Unknown fields are refused; errors are problem documents (RFC 9457).",
    prefix="",
    tell=tell,
    error=ProblemDocument,
    media_type=PROBLEM_JSON,
)
