"""What the function's identity may do at Graph: its app role assignments, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.graph.read import Read
from converters.graph.user_reads import literal, quoted
from converters.model.facts import Unread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converters.graph.client import Graph
    from converters.graph.read import Item
    from converters.model.trace import Trace

_GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
_PERMISSION = "Application.Read.All"


def client_id(environment: Mapping[str, str]) -> str | None:
    """Return the client id of the function's identity, as its settings name it."""
    for key in ("CONVERSION_STORAGE__clientId", "AZURE_CLIENT_ID"):
        if named := environment.get(key):
            return named
    return None


async def held_by(graph: Graph, client_id: str, trace: Trace) -> frozenset[str] | Unread:
    """Return the names of the application permissions that an identity holds at Graph.

    Raises:
        GraphUnavailable: Graph did not answer for now.
    """
    roles = Read(
        name="appRoles",
        what="Graph's application permissions",
        path=f"/{_service_principal(_GRAPH_APP_ID)}?$select=id,appRoles",
        permission=_PERMISSION,
        parse=_names_by_id,
    )
    assigned = Read(
        name="appRoleAssignments",
        what="the identity's application permissions",
        path=f"/{_service_principal(client_id)}/appRoleAssignments",
        permission=_PERMISSION,
        parse=lambda body: [assignment.text("appRoleId") for assignment in body.items("value")],
    )
    answers = await graph.read([roles, assigned], trace)
    names, ids = answers.fact(roles), answers.fact(assigned)
    if isinstance(names, Unread):
        return names
    return ids if isinstance(ids, Unread) else frozenset(names[i] for i in ids if i in names)


def _service_principal(app_id: str) -> str:
    return f"servicePrincipals(appId={quoted(literal(app_id))})"


def _names_by_id(body: Item) -> dict[str, str]:
    return {role.text("id"): role.text("value") for role in body.items("appRoles")}
