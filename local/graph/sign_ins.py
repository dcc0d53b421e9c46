"""What it takes to read ``signInActivity``: a permission, a licence, small pages, patience.

Sources: "List users" (500 users a page), microsoft-graph-docs#12772 (the 403 without a licence),
msgraph-sdk-powershell#1898 (the 400 for longer pages), microsoft-graph-docs-contrib#8653 (such
reads count against the reporting APIs' limit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.graph.errors import GraphError, bad_request, denied

if TYPE_CHECKING:
    from local.graph.query import Query

LONGEST_PAGE = 500
_PERMISSIONS = ("AuditLog.Read.All",)


def are_asked(query: Query) -> bool:
    """Tell whether a request about users asks for when they signed in."""
    names = query.options.get("$select", "").split(",")
    return query.path.startswith("/users") and "signInActivity" in map(str.strip, names)


def check(query: Query) -> None:
    """Refuse what may not be read, or not so many at once.

    Raises:
        GraphError: 403, 400.
    """
    if not are_asked(query):
        return
    if not query.tenant.granted(_PERMISSIONS):
        raise denied()
    if not query.tenant.p1:
        raise GraphError(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        )
    top = query.options.get("$top", "")
    if top.isdigit() and int(top[:9]) > LONGEST_PAGE:
        raise bad_request(f"Cannot query data for more than {LONGEST_PAGE} users at a time.")
