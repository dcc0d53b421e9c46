"""Graph's errors, as it writes them ("Microsoft Graph error responses and resource types")."""

from __future__ import annotations


class GraphError(Exception):
    """An answer other than success.

    Attributes:
        status: the HTTP status.
        code, message: Graph's own.
        retry_after: seconds for the ``Retry-After`` header, ``None`` for none.
    """

    def __init__(
        self, status: int, code: str, message: str, retry_after: int | None = None
    ) -> None:
        self.status, self.code, self.message = status, code, message
        self.retry_after = retry_after
        super().__init__(f"{status} {code}: {message}")


def not_found(what: str) -> GraphError:
    """Return the 404 for an object."""
    message = f"Resource '{what}' does not exist or one of its queried reference-property objects"
    return GraphError(404, "Request_ResourceNotFound", f"{message} are not present.")


def denied() -> GraphError:
    """Return the 403 for a missing permission."""
    return GraphError(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
    )


def bad_request(message: str) -> GraphError:
    """Return the 400 for a request that makes no sense."""
    return GraphError(400, "BadRequest", message)
