"""Graph's refusals, as it words them ("Microsoft Graph error responses and resource types")."""

from __future__ import annotations


class GraphError(Exception):
    """An answer other than success.

    Attributes:
        status: the HTTP status.
        code, message: what stands in the body's ``error``.
        retry_after: seconds for the ``Retry-After`` header; ``None`` leaves the header out.
    """

    def __init__(
        self, status: int, code: str, message: str, retry_after: float | None = None
    ) -> None:
        self.status, self.code, self.message = status, code, message
        self.retry_after = retry_after
        super().__init__(f"{status} {code}: {message}")


class ConnectionCutError(Exception):
    """A fault that was ordered cuts the connection: no answer is sent at all."""


def bad_request(message: str) -> GraphError:
    """Return the 400 for a request that makes no sense."""
    return GraphError(400, "BadRequest", message)


def unsupported_query(message: str) -> GraphError:
    """Return the 400 for a query that directory objects do not take."""
    return GraphError(400, "Request_UnsupportedQuery", message)


def invalid_filter(detail: str) -> GraphError:
    """Return the 400 for a ``$filter`` that cannot be read."""
    return bad_request(f"Invalid filter clause: {detail}")


def unknown_property(name: str, type_name: str) -> GraphError:
    """Return the 400 for a name in ``$select`` or ``$filter`` that the type does not have."""
    return bad_request(
        f"Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'."
    )


def unknown_segment(segment: str) -> GraphError:
    """Return the 400 (not a 404) by which Graph answers for a path that it does not have."""
    return bad_request(f"Resource not found for the segment '{segment}'.")


def wrong_method() -> GraphError:
    """Return the 405 for a path that exists, but not for this method."""
    return GraphError(
        405,
        "Request_BadRequest",
        "Specified HTTP method is not allowed for the request target.",
    )


def not_found(key: str) -> GraphError:
    """Return the 404 for a directory object that is not there, or not there yet."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key}' does not exist or one of its queried reference-property objects are"
        " not present.",
    )


def denied() -> GraphError:
    """Return the 403 for a permission that was not granted."""
    return GraphError(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
    )


def invitation_denied() -> GraphError:
    """Return the 403 by which the invitation API refuses an application without its permission."""
    return GraphError(
        403,
        "Unauthorized",
        "Insufficient privileges to perform requested operation by the application "
        "'00000003-0000-0000-c000-000000000000'. ControllerName=MSGraphInviteAPI, "
        "ActionName=CreateInvite",
    )
