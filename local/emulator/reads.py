"""What Graph answers to GETs, page by page of the v1.0 reference. No network here."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from local.emulator.errors import GraphError, bad_request, denied, not_found
from local.emulator.filters import FilterInvalid, compile_filter, text_values
from local.emulator.tenant import ALLOWED, USER_DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from local.emulator.tenant import Json, Tenant

USER_PROPERTIES = frozenset({*USER_DEFAULTS, "id", "userPrincipalName", "identities"})
USER_BY_DEFAULT: Json = {
    "businessPhones": [], "displayName": None, "givenName": None, "jobTitle": None, "mail": None,
    "mobilePhone": None, "officeLocation": None, "preferredLanguage": None, "surname": None,
    "userPrincipalName": None, "id": None,
}  # fmt: skip
GROUP_PROPERTIES = frozenset({"id", "displayName", "isAssignableToRole"})
ROLE_PROPERTIES = frozenset({"id", "displayName", "roleTemplateId"})
CONTACT_PROPERTIES = frozenset({"id", "displayName", "mail", "proxyAddresses"})
DOMAIN_PROPERTIES = frozenset({"id", "isVerified", "authenticationType", "isDefault", "isInitial"})


@dataclass(frozen=True, slots=True)
class Query:
    """One GET, taken apart."""

    tenant: Tenant
    segments: tuple[str, ...]
    options: Mapping[str, str]
    headers: Mapping[str, str]

    def select(self, item: Json, known: frozenset[str], type_: str) -> Json:
        """Return the properties that ``$select`` names, or all."""
        if "$select" not in self.options:
            return {name: item.get(name) for name in sorted(known)}
        names = self.options["$select"].split(",")
        for name in names:
            if name not in known:
                message = (
                    f"Could not find a property named '{name}' on type 'microsoft.graph.{type_}'."
                )
                raise bad_request(message)
        return {name: item.get(name) for name in names}

    def need_advanced(self) -> None:
        """Refuse a cast without what "Advanced query capabilities" asks for."""
        eventual = self.headers.get("consistencylevel", "").lower() == "eventual"
        if not eventual or self.options.get("$count") != "true":
            raise GraphError(
                400, "Request_UnsupportedQuery", "This query needs ConsistencyLevel and $count."
            )


def answer(tenant: Tenant, url: str, headers: Mapping[str, str]) -> Json:
    """Answer a GET below the version.

    Raises:
        GraphError: in place of an answer.
    """
    parts = urlsplit(url)
    path = parts.path.strip("/")
    for pattern, permissions, handle in ROUTES:
        if match := pattern.fullmatch(path):
            if tenant.permissions is not None and not tenant.permissions & permissions:
                raise denied()
            segments = tuple(unquote(text) for text in match.groups())
            options = dict(parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True))
            return handle(Query(tenant, segments, options, headers))
    raise bad_request(f"Resource not found for the segment '{path.partition('/')[0]}'.")


def _get_user(query: Query) -> Json:
    user = _existing_user(query)
    if "$select" not in query.options:
        return {name: user.get(name, default) for name, default in USER_BY_DEFAULT.items()}
    return query.select(user, USER_PROPERTIES, "user")


def _existing_user(query: Query) -> Json:
    user = query.tenant.user(query.segments[0])
    user = query.tenant.visible(user) if user else None
    if user is None:
        raise not_found(query.segments[0])
    if fault := query.tenant.faults.get(user["id"], {}).get("read"):
        raise GraphError(fault["status"], fault["code"], fault["message"])
    return user


def _list_users(query: Query) -> Json:
    # A filter of this API always names texts that users are indexed by.
    candidates = query.tenant.users_with(text_values(query.options.get("$filter", "")))
    shown = [seen for user in candidates if (seen := query.tenant.visible(user)) is not None]
    return _listed(query, shown, USER_PROPERTIES, "user")


def _list_contacts(query: Query) -> Json:
    return _listed(query, query.tenant.contacts, CONTACT_PROPERTIES, "orgContact")


def _listed(query: Query, items: Iterable[Json], known: frozenset[str], type_: str) -> Json:
    if "$filter" in query.options:
        fits = _filter(query)
        items = [item for item in items if fits(item)]
    return {"value": [query.select(item, known, type_) for item in items]}


def _filter(query: Query) -> Callable[[Mapping[str, Any]], bool]:
    try:
        return compile_filter(query.options["$filter"])
    except FilterInvalid as error:
        raise bad_request(f"Invalid filter clause: {error}") from error


def _roles(query: Query) -> Json:
    query.need_advanced()
    roles = query.tenant.roles_of(_existing_user(query)["id"])
    return {"value": [query.select(role, ROLE_PROPERTIES, "directoryRole") for role in roles]}


def _groups(query: Query) -> Json:
    query.need_advanced()
    groups = query.tenant.groups_of(_existing_user(query)["id"])
    most = int(query.options.get("$top", "100"))
    body: Json = {
        "value": [query.select(group, GROUP_PROPERTIES, "group") for group in groups[:most]]
    }
    if len(groups) > most:
        body["@odata.nextLink"] = "https://graph.microsoft.com/v1.0/next?$skiptoken=1"
    return body


def _eligibility(query: Query) -> Json:
    if not query.tenant.p2:
        message = "The tenant needs to have Microsoft Entra ID P2 or Governance license."
        raise GraphError(400, "AadPremiumLicenseRequired", message)
    fits = _filter(query)
    return {
        "value": [
            {
                "id": f"{entry['principalId']}-{entry['roleDefinitionId']}",
                "principalId": entry["principalId"],
                "roleDefinitionId": entry["roleDefinitionId"],
                "directoryScopeId": "/",
                "memberType": "Direct",
            }
            for entry in query.tenant.eligibility
            if fits(entry)
        ]
    }


def _list_domains(query: Query) -> Json:
    domains = query.tenant.domains
    return {"value": [query.select(domain, DOMAIN_PROPERTIES, "domain") for domain in domains]}


def _federations(query: Query) -> Json:
    fits = _filter(query) if "$filter" in query.options else None
    found = []
    for federation in query.tenant.federations:
        item = {**federation, "domains": [{"id": domain} for domain in federation["domains"]]}
        if fits is None or fits(item):
            # The domains are a navigation property: only $expand shows them.
            shown = {**item, "id": federation.get("id", federation["domains"][0])}
            if query.options.get("$expand") != "domains":
                del shown["domains"]
            found.append(shown)
    return {"value": found}


def _home_tenant(query: Query) -> Json:
    domain = query.segments[0].removeprefix("'").removesuffix("'").replace("''", "'").lower()
    home = query.tenant.home_tenants.get(domain)
    if home is None:
        raise not_found(domain)
    return {"federationBrandName": None, "defaultDomainName": domain, "displayName": "", **home}


def _authorization_policy(query: Query) -> Json:
    return {
        "id": "authorizationPolicy",
        "displayName": "Authorization Policy",
        "allowInvitesFrom": query.tenant.allow_invites_from,
    }


def _partner(query: Query) -> Json:
    for partner in query.tenant.cross_tenant_access.get("partners", ()):
        if partner["tenantId"] == query.segments[0]:
            return {"b2bCollaborationInbound": None, "isServiceProvider": None, **partner}
    raise not_found(query.segments[0])


def _default(query: Query) -> Json:
    inbound = {"b2bCollaborationInbound": {"usersAndGroups": ALLOWED}, "isServiceDefault": True}
    return {**inbound, **query.tenant.cross_tenant_access.get("default", {})}


def _invitation_domains(query: Query) -> Json:
    if query.tenant.invitation_domains is None:
        return {"value": []}
    lists = {"InvitationsAllowedAndBlockedDomainsPolicy": query.tenant.invitation_domains}
    definition = json.dumps({"B2BManagementPolicy": lists})
    policy = {"id": "b2b", "displayName": "B2BManagementPolicy", "isOrganizationDefault": True}
    return {"value": [{**policy, "definition": [definition]}]}


def _route(
    pattern: str, permissions: str, handle: Callable[[Query], Json]
) -> tuple[re.Pattern[str], frozenset[str], Callable[[Query], Json]]:
    # Directory.Read.All is above every read of the directory.
    return re.compile(pattern), frozenset({*permissions.split(), "Directory.Read.All"}), handle


ROUTES = (
    _route(r"users", "User.Read.All User.ReadWrite.All", _list_users),
    _route(r"users/([^/]+)", "User.Read.All User.ReadWrite.All", _get_user),
    _route(
        r"users/([^/]+)/transitiveMemberOf/microsoft\.graph\.directoryRole",
        "RoleManagement.Read.Directory",
        _roles,
    ),
    _route(
        r"users/([^/]+)/transitiveMemberOf/microsoft\.graph\.group", "GroupMember.Read.All", _groups
    ),
    _route(r"contacts", "OrgContact.Read.All", _list_contacts),
    _route(
        r"roleManagement/directory/roleEligibilityScheduleInstances",
        "RoleEligibilitySchedule.Read.Directory",
        _eligibility,
    ),
    _route(r"domains", "Domain.Read.All", _list_domains),
    _route(
        r"directory/federationConfigurations/(?:microsoft\.)?graph\.samlOrWsFedExternalDomainFederation",
        "IdentityProvider.Read.All Domain.Read.All",
        _federations,
    ),
    _route(
        r"tenantRelationships/findTenantInformationByDomainName\(domainName=([^/]+)\)",
        "CrossTenantInformation.ReadBasic.All",
        _home_tenant,
    ),
    _route(r"policies/authorizationPolicy", "Policy.Read.All", _authorization_policy),
    _route(
        r"policies/crossTenantAccessPolicy/partners/([^/]+)", "Policy.Read.All", _partner
    ),
    _route(r"policies/crossTenantAccessPolicy/default", "Policy.Read.All", _default),
    _route(
        r"policies/b2bManagementPolicies",
        "Policy.Read.B2BManagementPolicy",
        _invitation_domains,
    ),
)  # fmt: skip
