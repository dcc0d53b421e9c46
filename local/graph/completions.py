"""A user's sponsors and manager, password and sessions: what a completion writes.

From "Add sponsor", "List sponsors", "Assign manager", "Get manager", "Update user" (of its
passwordProfile) and "user: revokeSignInSessions".
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

from local.graph.errors import GraphError, bad_request, denied, not_found
from local.graph.exchange import timestamp
from local.graph.schema import USER

if TYPE_CHECKING:
    from local.graph.query import Query
    from local.graph.schema import Json
    from local.graph.tenant import Tenant

# "Sponsors on guest users": at most five.
MOST_SPONSORS = 5
SHORTEST_PASSWORD, LONGEST_PASSWORD, LEAST_KINDS = 8, 256, 3
_REFERENCE = re.compile(r"https?://[^/]+/v1\.0/(?:users|directoryObjects)/([^/]+)")
_KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation)


def list_sponsors(query: Query) -> Json:
    """Answer "List sponsors"."""
    user = query.tenant.seen_user(query.arguments[0])
    ids = query.tenant.relations.sponsors[user["id"]]
    found = [query.tenant.users[each] for each in ids if each in query.tenant.users]
    return query.collection(found, USER, "directoryObjects")


def get_manager(query: Query) -> Json:
    """Answer "Get manager"."""
    user = query.tenant.seen_user(query.arguments[0])
    manager = query.tenant.relations.managers.get(user["id"])
    if manager is None or manager not in query.tenant.users:
        raise not_found("manager")
    return query.entity(query.tenant.users[manager], USER, "directoryObjects")


def add_sponsor(query: Query) -> None:
    """Answer "Add sponsor"."""
    user = query.tenant.user(query.arguments[0])
    sponsors, new = query.tenant.relations.sponsors[user["id"]], _named(query)
    if new in sponsors:
        raise bad_request(
            "One or more added object references already exist for the following modified"
            " properties: 'sponsors'."
        )
    if len(sponsors) >= MOST_SPONSORS:
        raise bad_request(f"The number of sponsors exceeds the limit of {MOST_SPONSORS}.")
    sponsors.append(new)


def set_manager(query: Query) -> None:
    """Answer "Assign manager"."""
    user = query.tenant.user(query.arguments[0])
    _refuse_synced(user)
    query.tenant.relations.managers[user["id"]] = _named(query)


def revoke_sessions(query: Query) -> Json:
    """Answer "user: revokeSignInSessions", which does nothing for external users."""
    user = query.tenant.user(query.arguments[0])
    query.tenant.relations.revocations.append(user["id"])
    if user["externalUserState"] != "Accepted":
        query.tenant.change_user(user["id"], signInSessionsValidFromDateTime=timestamp())
    return {"@odata.context": f"{query.root}/$metadata#Edm.Boolean", "value": True}


def set_password(tenant: Tenant, user: Json, profile: object) -> None:
    """Set a password by ``passwordProfile``; nothing is kept but that it was set.

    Raises:
        GraphError: 400 for one that is too simple or not the cloud's to set; 403.
    """
    if not tenant.granted(["User-PasswordProfile.ReadWrite.All"]):
        raise denied()
    powerful = tenant.memberships.roles_of(user["id"])
    if powerful or tenant.unconfirmed["passwordNeedsRole"]:
        raise denied()
    _refuse_synced(user)
    password = profile.get("password") if isinstance(profile, dict) else None
    if not isinstance(password, str) or not _is_complex(password):
        raise GraphError(
            400,
            "Request_BadRequest",
            "The specified password does not comply with password complexity requirements. Please"
            " provide a different password.",
        )
    tenant.relations.passwords[user["id"]] += 1


def _is_complex(password: str) -> bool:
    kinds = sum(bool(set(kind) & set(password)) for kind in _KINDS)
    return SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD and kinds >= LEAST_KINDS


def _refuse_synced(user: Json) -> None:
    if user["onPremisesSyncEnabled"]:
        raise GraphError(
            400,
            "Request_BadRequest",
            "Unable to update the specified properties for on-premises mastered Directory Sync"
            " objects or objects currently undergoing migration.",
        )


def _named(query: Query) -> str:
    """Return the id of the user that a reference leads to."""
    link = query.body.get("@odata.id") if isinstance(query.body, dict) else None
    match = _REFERENCE.fullmatch(link) if isinstance(link, str) else None
    if match is None:
        raise bad_request("An entity reference link (@odata.id) is expected.")
    return str(query.tenant.user(match[1])["id"])
