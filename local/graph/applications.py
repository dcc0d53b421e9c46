"""Reads of service principals: which application permissions there are, and which are granted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.graph.errors import GraphError
from local.graph.loading import identifier

if TYPE_CHECKING:
    from local.graph.query import Query
    from local.graph.schema import Json

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
# Those that anything here asks for; Graph has hundreds. Those of mail are of every mailbox, and
# nobody's who is not given them by name: what an application may do at one, Exchange says.
PERMISSIONS = (
    "CrossTenantInformation.ReadBasic.All", "Domain.Read.All", "GroupMember.Read.All",
    "IdentityProvider.Read.All", "Mail.ReadBasic.All", "Mail.Send", "OrgContact.Read.All",
    "Policy.Read.All", "Policy.Read.B2BManagementPolicy",
    "PrivilegedEligibilitySchedule.Read.AzureADGroup", "RoleEligibilitySchedule.Read.Directory",
    "RoleManagement.Read.Directory", "User-PasswordProfile.ReadWrite.All",
    "User.Invite.All", "User.Read.All", "User.ReadWrite.All", "User.RevokeSessions.All",
)  # fmt: skip


def get_service_principal(query: Query) -> Json:
    """Answer "Get servicePrincipal" for Graph's own: the permissions that it has."""
    if query.arguments[0].lower() != GRAPH_APP_ID:
        raise _nobody(query)
    roles = [
        {"id": identifier("role", name), "value": name, "allowedMemberTypes": ["Application"]}
        for name in PERMISSIONS
    ]
    return {"@odata.context": _context(query), "appId": GRAPH_APP_ID, "appRoles": roles}


def list_app_role_assignments(query: Query) -> Json:
    """Answer "List appRoleAssignments granted to a service principal"; all have the same here."""
    granted = query.tenant.permissions
    held = [
        {"id": identifier("grant", name), "appRoleId": identifier("role", name)}
        for name in PERMISSIONS
        if (not name.startswith("Mail.") if granted is None else name in granted)
    ]
    return {"@odata.context": _context(query), "value": held}


def _context(query: Query) -> str:
    return f"{query.root}/$metadata#servicePrincipals"


def _nobody(query: Query) -> GraphError:
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{query.arguments[0]}' does not exist or one of its queried reference-property"
        " objects are not present.",
    )
