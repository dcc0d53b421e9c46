"""What is asked of the directory, and how its answers become facts. Pure: no I/O.

Every path and filter is built here, from values that were validated before and are quoted here.
Source: the Microsoft Graph v1.0 reference, page by page as each read's function names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from converters.model import Holder, HomeTenant, Identity, ServicePlan, Unread, User

T_co = TypeVar("T_co", covariant=True)
Json = Mapping[str, Any]

USER_PROPERTIES = (
    "id",
    "userPrincipalName",
    "accountEnabled",
    "userType",
    "externalUserState",
    "externalUserStateChangeDateTime",
    "identities",
    "mail",
    "otherMails",
    "onPremisesSyncEnabled",
    "onPremisesUserPrincipalName",
    "assignedPlans",
)
_SELECT_USER = "$select=" + ",".join(USER_PROPERTIES)


@dataclass(frozen=True, slots=True)
class Read(Generic[T_co]):
    """One GET, to be sent inside a ``$batch``.

    Attributes:
        what: what is read, in words; also the item's id in the batch.
        path: below the version, percent-encoded.
        permission: the application permission it needs.
        parse: from the body of a 200 to the fact.
        absent: what a 404 means; without it a 404 is a fact that could not be read.
    """

    what: str
    path: str
    permission: str
    parse: Callable[[Json], T_co]
    absent: Callable[[], T_co] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def fact(self, status: int, body: Json) -> T_co | Unread:
        """Turn a final answer (not a throttled or failed one) into the fact."""
        if status == 200:  # noqa: PLR2004
            return self.parse(body)
        if status == 404 and self.absent is not None:  # noqa: PLR2004
            return self.absent()
        return Unread(self.what, self.permission, status)


def user(user_id: str) -> Read[User | None]:
    """Ask for one user ("Get user"); none is a fact too."""
    return Read(
        "the user", f"/users/{_quoted(user_id)}?{_SELECT_USER}", "User.Read.All", _user, _nobody
    )


def users_named(user_principal_name: str) -> Read[tuple[str, ...]]:
    """Ask for the ids of the users with a UPN ("List users"): none or one."""
    condition = f"userPrincipalName eq {_literal(user_principal_name)}"
    return Read(
        "the user by userPrincipalName",
        f"/users?$select=id&$filter={_quoted(condition)}",
        "User.Read.All",
        _ids,
    )


def users_addressed(address: str) -> Read[tuple[str, ...]]:
    """Ask for the ids of the users whose ``mail`` or ``otherMails`` holds an address."""
    literal = _literal(address)
    condition = f"mail eq {literal} or otherMails/any(o:o eq {literal})"
    return Read(
        "the user by address",
        f"/users?$select=id&$filter={_quoted(condition)}",
        "User.Read.All",
        _ids,
    )


def user_holders(address: str) -> Read[tuple[Holder, ...]]:
    """Ask which users hold an address in any property that must be unique or signs in."""
    literal, proxy = _literal(address), _literal(f"smtp:{address}")
    condition = (
        f"mail eq {literal} or otherMails/any(o:o eq {literal})"
        f" or proxyAddresses/any(p:p eq {proxy}) or userPrincipalName eq {literal}"
    )
    return Read(
        "the users who hold the address",
        f"/users?$select=id&$filter={_quoted(condition)}",
        "User.Read.All",
        lambda body: tuple(Holder("user", id_) for id_ in _ids(body)),
    )


def contact_holders(address: str) -> Read[tuple[Holder, ...]]:
    """Ask which organisational contacts hold an address ("List orgContacts")."""
    literal, proxy = _literal(address), _literal(f"smtp:{address}")
    condition = f"mail eq {literal} or proxyAddresses/any(p:p eq {proxy})"
    return Read(
        "the contacts that hold the address",
        f"/contacts?$select=id&$filter={_quoted(condition)}",
        "OrgContact.Read.All",
        lambda body: tuple(Holder("contact", id_) for id_ in _ids(body)),
    )


def verified_domains() -> Read[frozenset[str]]:
    """Ask for the domains verified in this tenant ("List domains")."""
    return Read(
        "this tenant's domains",
        "/domains?$select=id,isVerified",
        "Domain.Read.All",
        lambda body: frozenset(
            domain["id"].lower() for domain in body["value"] if domain["isVerified"]
        ),
    )


def allow_invites_from() -> Read[str]:
    """Ask who may invite in this tenant ("Get authorizationPolicy")."""
    return Read(
        "who may invite in this tenant",
        "/policies/authorizationPolicy",
        "Policy.Read.All",
        lambda body: str(body["allowInvitesFrom"]),
    )


def direct_federation(domain: str) -> Read[bool]:
    """Ask whether a domain signs in by SAML/WS-Fed federation set up in this tenant."""
    condition = f"domains/any(x: x/id eq {_literal(domain)})"
    return Read(
        "the direct federations of this tenant",
        "/directory/federationConfigurations/graph.samlOrWsFedExternalDomainFederation"
        f"?$filter={_quoted(condition)}",
        "IdentityProvider.Read.All (or Domain.Read.All)",
        lambda body: bool(body["value"]),
    )


def home_tenant(domain: str) -> Read[HomeTenant | None]:
    """Ask in which Entra tenant a domain is verified ("findTenantInformationByDomainName")."""
    return Read(
        "the home tenant of the address's domain",
        f"/tenantRelationships/findTenantInformationByDomainName(domainName={_quoted(_literal(domain))})",
        "CrossTenantInformation.ReadBasic.All",
        lambda body: HomeTenant(body["tenantId"], body.get("displayName") or ""),
        _nobody,
    )


def _literal(value: str) -> str:
    """Write an OData string literal."""
    return "'" + value.replace("'", "''") + "'"


def _quoted(value: str) -> str:
    return quote(value, safe="")


def _nobody() -> None:
    return None


def _ids(body: Json) -> tuple[str, ...]:
    return tuple(item["id"] for item in body["value"])


def _user(body: Json) -> User:
    changed = body.get("externalUserStateChangeDateTime")
    identities = body.get("identities")
    return User(
        id=body["id"],
        user_principal_name=body["userPrincipalName"],
        user_type=body.get("userType"),
        # Unknown means no: a user whose state Graph does not tell counts as disabled.
        account_enabled=body.get("accountEnabled") is True,
        external_user_state=body.get("externalUserState"),
        external_user_state_changed=datetime.fromisoformat(changed) if changed else None,
        identities=None
        if identities is None
        else tuple(Identity(i.get("signInType") or "", i.get("issuer") or "") for i in identities),
        mail=body.get("mail"),
        other_mails=tuple(body.get("otherMails") or ()),
        on_premises_synced=body.get("onPremisesSyncEnabled") is True,
        on_premises_user_principal_name=body.get("onPremisesUserPrincipalName"),
        assigned_plans=tuple(
            ServicePlan(p.get("servicePlanId") or "", p.get("capabilityStatus") or "")
            for p in body.get("assignedPlans") or ()
        ),
    )
