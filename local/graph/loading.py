"""Reads a tenant's description and fills in what Graph would have set by itself.

Misspelt names are refused by name: a test must not pass because a property was never read.

A tenant is loaded from JSON, a file or a dict. Every key is optional; a name that is not listed
here, or that Graph's metadata does not have, is refused by name::

    {"tenantId": "…", "displayName": "Contoso",
     "domains": [{"id": "contoso.example", "isVerified": true, "isInitial": false, …}],
     "users": [{"userPrincipalName": "kim@contoso.example", …any property of Graph's user…,
                "$fault": {"invite": {"status": 403, "code": "…", "message": "…"},
                           "read": {"status": 503, "retryAfter": 2, "times": 1}}}],
     "groups": [{"id": "…", "displayName": "…", "isAssignableToRole": true, "members": ["id"]}],
     "directoryRoles": [{"id": "…", "displayName": "…", "roleTemplateId": "…",
                         "members": ["id of a user, or of a group that is assignable to roles"]}],
     "roleEligibility": [{"principalId": "id", "roleDefinitionId": "id"}],
     "roleAssignments": [{"principalId": "id", "roleDefinitionId": "id",
                          "directoryScopeId": "/administrativeUnits/…"}],
     "groupEligibility": [{"principalId": "id", "groupId": "id", "accessId": "member"}],
     "sponsors": {"id of a user": ["id"]}, "managers": {"id of a user": "id"},
     "contacts": [{"id": "…", "displayName": "…", "mail": "…", "proxyAddresses": ["SMTP:…"]}],
     "federations": [{"displayName": "…", "issuerUri": "…", "domains": ["adatum.example"]}],
     "homeTenants": {"partner.example": {"tenantId": "…", "displayName": "…",
                                         "defaultDomainName": "…",
                                         "$refusesInvitations": false}},
     "allowInvitesFrom": "everyone",
     "crossTenantAccess": {"default": {"b2bCollaborationInbound": {…}},
                           "partners": [{"tenantId": "…", "b2bCollaborationInbound": {…}}]},
     "b2bManagementPolicy": {"invitationsAllowedAndBlockedDomainsPolicy":
                             {"AllowedDomains": ["…"]}},
     "permissions": ["application permissions granted; absent, all are"],
     "mailboxes": [{"address": "invitations@contoso.example",
                    "roles": ["Mail.Send", "Mail.ReadBasic"]}],
     "p1": true, "p2": true,
     "unconfirmed": {"conversionNeedsReadWrite": false, "adminsOnlyRefusesApps": false,
                     "mailHasToHoldTheAddress": false, "passwordNeedsRole": false}}

Ids that are left out are made from the name, the same ones each time. Of a user's properties,
Graph's defaults stand for what is left out (a member, enabled, one ``userPrincipalName`` identity).
A user's ``$fault`` takes what ``faults.Fault`` has, in camel case, or ``"conflict412"``.
Without a licence ``p1`` nobody is told when users signed in; without ``p2`` PIM is refused.
A mailbox takes what ``mailboxes.Mailbox`` has, in camel case; ``roles`` are what the application
may do there, whatever ``permissions`` say of all mailboxes.
``unconfirmed`` switches what sources disagree about: whether converting needs User.ReadWrite.All
beside User.Invite.All, whether ``adminsAndGuestInviters`` refuses applications, whether the address
has to stand in ``mail``, not in ``otherMails`` alone, and whether setting a password needs a role
that no application here has.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from local.graph import schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from local.graph.schema import EntityType, Json

KEYS = frozenset(
    {
        "tenantId", "displayName", "domains", "users", "groups", "directoryRoles",
        "roleEligibility", "roleAssignments", "groupEligibility", "contacts", "federations",
        "homeTenants", "allowInvitesFrom", "sponsors", "managers", "mailboxes",
        "crossTenantAccess", "b2bManagementPolicy", "permissions", "p1", "p2", "unconfirmed",
    }
)  # fmt: skip
TENANT_ID = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
INITIAL_DOMAIN = "contoso.onmicrosoft.com"
_CREATED = "2020-01-01T00:00:00Z"


def known(what: str, entry: Json, names: Collection[str]) -> Json:
    """Return an entry that has none but known names.

    Raises:
        ValueError: naming the others.
    """
    if unknown := sorted(set(entry) - set(names)):
        raise ValueError(f"{what} has unknown names: {', '.join(unknown)}")
    return entry


def choice(what: str, value: str, of: Collection[str]) -> str:
    """Return a value that is one of a few.

    Raises:
        ValueError: it is not.
    """
    if value not in of:
        raise ValueError(f"{what} is one of {', '.join(of)}, not {value!r}")
    return value


def identifier(kind: str, name: str) -> str:
    """Return the object id of what was given none: always the same for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}:{name.lower()}"))


def domains(entries: Iterable[Json]) -> list[Json]:
    """Return the tenant's domains, verified unless said otherwise; one of them is initial."""
    defaults: Json = {
        "authenticationType": "Managed", "isVerified": True, "isDefault": False,
        "isInitial": False, "isRoot": True, "isAdminManaged": True, "supportedServices": [],
    }  # fmt: skip
    found = [
        {**defaults, **known("a domain", entry, schema.DOMAIN.names)} for entry in entries
    ] or [{**defaults, "id": INITIAL_DOMAIN, "isInitial": True, "isDefault": True}]
    if not any(domain["isInitial"] for domain in found):
        initial = (domain for domain in found if domain["id"].endswith(".onmicrosoft.com"))
        next(initial, found[0])["isInitial"] = True
    return found


def user(entry: Json, initial_domain: str) -> Json:
    """Return a user with Graph's defaults for what is left out; ``$fault`` is left off.

    Raises:
        ValueError: naming unknown properties, or the principal name if that is missing.
    """
    name = entry.get("userPrincipalName", "")
    if not name:
        raise ValueError(f"a user has no userPrincipalName: {sorted(entry)}")
    given = {key: value for key, value in entry.items() if key != "$fault"}
    _typed(f"the user {name}", given, schema.USER)
    identity = {
        "signInType": "userPrincipalName", "issuer": initial_domain, "issuerAssignedId": name,
    }  # fmt: skip
    defaults: Json = {
        "id": identifier("user", name), "displayName": None, "userType": "Member",
        "accountEnabled": True, "createdDateTime": _CREATED, "identities": [identity],
        "creationType": None, "externalUserState": None, "externalUserStateChangeDateTime": None,
        "mail": None, "otherMails": [], "proxyAddresses": [], "assignedLicenses": [],
        "assignedPlans": [], "onPremisesSyncEnabled": None, "onPremisesImmutableId": None,
        "onPremisesUserPrincipalName": None, "isManagementRestricted": None,
    }  # fmt: skip
    return {**defaults, **given}


def group(entry: Json) -> Json:
    """Return a group; ``members`` holds ids of users and groups."""
    _typed("a group", {k: v for k, v in entry.items() if k != "members"}, schema.GROUP)
    name = str(entry.get("displayName", ""))
    defaults: Json = {
        "id": identifier("group", name), "displayName": name, "isAssignableToRole": None,
        "mail": None, "mailEnabled": False, "securityEnabled": True, "groupTypes": [],
        "proxyAddresses": [], "createdDateTime": _CREATED,
    }  # fmt: skip
    return {**defaults, **entry, "members": list(entry.get("members", []))}


def role(entry: Json) -> Json:
    """Return an active directory role; ``members`` holds ids of users and groups."""
    known("a directory role", entry, schema.DIRECTORY_ROLE.names | {"members"})
    name = str(entry.get("displayName", ""))
    template = identifier("role template", name)
    defaults: Json = {"id": identifier("role", name), "roleTemplateId": template}
    return {**defaults, **entry, "members": list(entry.get("members", []))}


def eligibility(entry: Json) -> Json:
    """Return an eligibility for a role, of a user or of a group."""
    known("a role eligibility", entry, schema.ROLE_ELIGIBILITY.names)
    made = f"{entry.get('principalId')}/{entry.get('roleDefinitionId')}"
    defaults: Json = {
        "id": identifier("eligibility", made), "directoryScopeId": "/", "memberType": "Direct",
        "startDateTime": _CREATED, "roleEligibilityScheduleId": identifier("schedule", made),
    }  # fmt: skip
    return {**defaults, **entry}


def role_assignment(entry: Json) -> Json:
    """Return an assignment of a role, custom or scoped ones among them."""
    known("a role assignment", entry, schema.ROLE_ASSIGNMENT.names)
    made = f"{entry.get('principalId')}/{entry.get('roleDefinitionId')}"
    return {"id": identifier("assignment", made), "directoryScopeId": "/", **entry}


def group_eligibility(entry: Json) -> Json:
    """Return an eligibility for a group, as its member or its owner."""
    known("a group eligibility", entry, schema.GROUP_ELIGIBILITY.names)
    made = f"{entry.get('principalId')}/{entry.get('groupId')}"
    defaults: Json = {
        "id": identifier("group eligibility", made), "accessId": "member", "memberType": "direct",
        "startDateTime": _CREATED, "eligibilityScheduleId": identifier("schedule", made),
    }  # fmt: skip
    return {**defaults, **entry}


def contact(entry: Json) -> Json:
    """Return an organizational contact."""
    _typed("a contact", entry, schema.ORG_CONTACT)
    name = str(entry.get("mail") or entry.get("displayName"))
    defaults: Json = {
        "id": identifier("contact", name), "displayName": None, "mail": None, "proxyAddresses": [],
    }  # fmt: skip
    return {**defaults, **entry}


def _typed(what: str, entry: Json, kind: EntityType) -> None:
    known(what, entry, kind.names)
    for name, value in entry.items():
        if isinstance(value, list) is not (name in kind.collections):
            shape = "a list" if name in kind.collections else "no list"
            raise ValueError(f"{name} of {what} has to be {shape}")
