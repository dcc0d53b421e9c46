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

from converters.facts import Groups, Holder, Identity, ServicePlan, Unread, User

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
    "isManagementRestricted",
    "assignedPlans",
)
# Advanced queries, as a cast with $count is one, are answered from an index that lags a little.
_EVENTUAL = {"ConsistencyLevel": "eventual"}
_SELECT_USER = "$select=" + ",".join(USER_PROPERTIES)


@dataclass(frozen=True, slots=True)
class Read(Generic[T_co]):
    """One GET, to be sent inside a ``$batch``.

    Attributes:
        what: what is read, in words; unlike any other read's of the same batch.
        path: below the version, percent-encoded.
        permission: the application permission it needs.
        parse: from the body of a 200 to the fact.
        absent: what a 404 means, or an error with ``absent_code``; without it, an error is a fact
            that could not be read.
    """

    what: str
    path: str
    permission: str
    parse: Callable[[Json], T_co]
    absent: Callable[[], T_co] | None = None
    absent_code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def fact(self, status: int, body: Json) -> T_co | Unread:
        """Turn a final answer (not a throttled or failed one) into the fact."""
        if status == 200:  # noqa: PLR2004
            return self.parse(body)
        if self.absent is not None and (status == 404 or self._is_absent(body)):  # noqa: PLR2004
            return self.absent()
        return Unread(self.what, self.permission, status)

    def _is_absent(self, body: Json) -> bool:
        error = body.get("error")
        return (
            bool(self.absent_code)
            and isinstance(error, dict)
            and (error.get("code") == self.absent_code)
        )


def user(user_id: str) -> Read[User | None]:
    """Ask for one user ("Get user"); none is a fact too."""
    return Read(
        "the user", f"/users/{quoted(user_id)}?{_SELECT_USER}", "User.Read.All", _user, nobody
    )


def users_named(user_principal_name: str) -> Read[tuple[str, ...]]:
    """Ask for the ids of the users with a UPN ("List users"): none or one."""
    condition = f"userPrincipalName eq {literal(user_principal_name)}"
    return Read(
        "the user by userPrincipalName",
        f"/users?$select=id&$filter={quoted(condition)}",
        "User.Read.All",
        _ids,
    )


def users_addressed(address: str) -> Read[tuple[str, ...]]:
    """Ask for the ids of the users whose ``mail`` or ``otherMails`` holds an address."""
    text = literal(address)
    condition = f"mail eq {text} or otherMails/any(o:o eq {text})"
    return Read(
        "the user by address",
        f"/users?$select=id&$filter={quoted(condition)}",
        "User.Read.All",
        _ids,
    )


def active_roles(user_id: str) -> Read[tuple[str, ...]]:
    """Ask for the directory roles that a user holds, through groups too."""
    return Read(
        "the user's directory roles",
        f"/users/{quoted(user_id)}/transitiveMemberOf/microsoft.graph.directoryRole"
        "?$select=id,displayName&$count=true",
        "RoleManagement.Read.Directory",
        lambda body: tuple(role.get("displayName") or role["id"] for role in body["value"]),
        tuple,
        headers=_EVENTUAL,
    )


def eligible_roles(user_id: str) -> Read[tuple[str, ...]]:
    """Ask for the roles that a user can activate ("List roleEligibilityScheduleInstances").

    A tenant without the licence for Privileged Identity Management has none.
    """
    condition = f"principalId eq {literal(user_id)}"
    return Read(
        "the roles the user is eligible for",
        f"/roleManagement/directory/roleEligibilityScheduleInstances?$filter={quoted(condition)}",
        "RoleEligibilitySchedule.Read.Directory",
        lambda body: tuple(instance["roleDefinitionId"] for instance in body["value"]),
        tuple,
        "AadPremiumLicenseRequired",
    )


def groups(user_id: str) -> Read[Groups]:
    """Ask for the groups of a user, through groups too."""
    return Read(
        "the user's groups",
        f"/users/{quoted(user_id)}/transitiveMemberOf/microsoft.graph.group"
        "?$select=id,isAssignableToRole&$count=true&$top=999",
        "GroupMember.Read.All",
        lambda body: Groups(
            frozenset(group["id"].lower() for group in body["value"]),
            tuple(group["id"] for group in body["value"] if group.get("isAssignableToRole")),
            complete="@odata.nextLink" not in body,
        ),
        lambda: Groups(frozenset(), (), complete=True),
        headers=_EVENTUAL,
    )


def user_holders(address: str) -> Read[tuple[Holder, ...]]:
    """Ask which users hold an address in any property that must be unique or signs in."""
    text, proxy = literal(address), literal(f"smtp:{address}")
    condition = (
        f"mail eq {text} or otherMails/any(o:o eq {text})"
        f" or proxyAddresses/any(p:p eq {proxy}) or userPrincipalName eq {text}"
    )
    return Read(
        "the users who hold the address",
        f"/users?$select=id&$filter={quoted(condition)}",
        "User.Read.All",
        lambda body: tuple(Holder("user", id_) for id_ in _ids(body)),
    )


def contact_holders(address: str) -> Read[tuple[Holder, ...]]:
    """Ask which organisational contacts hold an address ("List orgContacts")."""
    text, proxy = literal(address), literal(f"smtp:{address}")
    condition = f"mail eq {text} or proxyAddresses/any(p:p eq {proxy})"
    return Read(
        "the contacts that hold the address",
        f"/contacts?$select=id&$filter={quoted(condition)}",
        "OrgContact.Read.All",
        lambda body: tuple(Holder("contact", id_) for id_ in _ids(body)),
    )


def literal(value: str) -> str:
    """Write an OData string literal."""
    return "'" + value.replace("'", "''") + "'"


def quoted(value: str) -> str:
    """Percent-encode a value for any place in a URL."""
    return quote(value, safe="")


def nobody() -> None:
    """Say that there is none, which is a fact too."""


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
        management_restricted=body.get("isManagementRestricted") is True,
        assigned_plans=tuple(
            ServicePlan(p.get("servicePlanId") or "", p.get("capabilityStatus") or "")
            for p in body.get("assignedPlans") or ()
        ),
    )
