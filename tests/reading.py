"""Every read that there is, with the smallest answer that is whole; a guard keeps the list so."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

from converters.graph import completion_reads, mail_reads, standing_reads, tenant_reads, user_reads
from converters.model.completion import Step
from tests.directory import ADDRESS, HOME_TENANT_ID, OTHER_ID, USER_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from converters.graph.read import Read

    Json = dict[str, Any]

EVERYONE = {"usersAndGroups": {"accessType": "allowed", "targets": [{"target": "AllUsers"}]}}
LISTS = {"AllowedDomains": [], "BlockedDomains": ["evil.example"]}
DEFINITION = {"B2BManagementPolicy": {"InvitationsAllowedAndBlockedDomainsPolicy": LISTS}}
USER: Json = {
    "id": USER_ID,
    "userPrincipalName": "kim@contoso.example",
    "accountEnabled": True,
    "userType": "Member",
    "externalUserState": None,
    "externalUserStateChangeDateTime": None,
    "identities": [{"signInType": "userPrincipalName"}],
    "mail": None,
    "otherMails": [ADDRESS],
    "onPremisesSyncEnabled": None,
    "onPremisesUserPrincipalName": None,
    "isManagementRestricted": None,
    "assignedPlans": [{"servicePlanId": OTHER_ID, "capabilityStatus": "Enabled"}],
}
# By the function that builds the read: what it is asked about, and the answer. An answer has what
# the read looks at and nothing else, so that whatever is taken off it makes it incomplete.
READS: dict[Callable[..., Read[Any]], tuple[tuple[Any, ...], Json]] = {
    user_reads.user: ((USER_ID,), USER),
    user_reads.users_named: (("kim@contoso.example",), {"value": [{"id": USER_ID}]}),
    user_reads.users_addressed: ((ADDRESS,), {"value": [{"id": USER_ID}]}),
    user_reads.active_roles: ((USER_ID,), {"value": [{"id": OTHER_ID}]}),
    user_reads.role_assignments: ((USER_ID,), {"value": [{"roleDefinitionId": OTHER_ID}]}),
    user_reads.eligible_groups: ((USER_ID,), {"value": [{"groupId": OTHER_ID}]}),
    user_reads.eligible_roles: ((USER_ID,), {"value": [{"roleDefinitionId": OTHER_ID}]}),
    user_reads.groups: ((USER_ID,), {"value": [{"id": OTHER_ID, "isAssignableToRole": None}]}),
    user_reads.user_holders: ((ADDRESS,), {"value": [{"id": USER_ID}]}),
    user_reads.contact_holders: ((ADDRESS,), {"value": [{"id": OTHER_ID}]}),
    standing_reads.standing: (
        (USER_ID,),
        {
            "id": USER_ID,
            "accountEnabled": True,
            "externalUserState": None,
            "externalUserStateChangeDateTime": None,
            "identities": [{"signInType": "federated"}],
        },
    ),
    tenant_reads.verified_domains: ((), {"value": [{"id": "contoso.example", "isVerified": True}]}),
    tenant_reads.allow_invites_from: ((), {"allowInvitesFrom": "everyone"}),
    tenant_reads.invitation_domains: ((), {"value": [{"definition": [json.dumps(DEFINITION)]}]}),
    tenant_reads.direct_federation: (("partner.example",), {"value": []}),
    tenant_reads.home_tenant: (("partner.example",), {"tenantId": HOME_TENANT_ID}),
    tenant_reads.partner_inbound: ((HOME_TENANT_ID,), {"b2bCollaborationInbound": EVERYONE}),
    completion_reads.person: (
        (Step.MANAGER, OTHER_ID),
        {
            "value": [
                {
                    "id": OTHER_ID,
                    "accountEnabled": True,
                    "userType": "Member",
                    "externalUserState": None,
                }
            ]
        },
    ),
    completion_reads.sponsors: ((USER_ID,), {"value": []}),
    completion_reads.manager: ((USER_ID,), {"id": HOME_TENANT_ID}),
    mail_reads.sent_mail: (
        ("invitations@contoso.example", "the-id", ADDRESS, 1_800_000_000.0),
        {
            "value": [
                {
                    "internetMessageId": "<one@contoso.example>",
                    "internetMessageHeaders": [
                        {"name": "X-B2B-Conversion-Id", "value": "another-id"}
                    ],
                    "toRecipients": [{"emailAddress": {"address": ADDRESS}}],
                }
            ]
        },
    ),
    tenant_reads.default_inbound: ((), {"b2bCollaborationInbound": EVERYONE}),
}


def builders() -> set[Callable[..., Read[Any]]]:
    """Return every function of the product that builds a read."""
    return {
        function
        for module in (user_reads, standing_reads, tenant_reads, completion_reads, mail_reads)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and "Read[" in str(function.__annotations__.get("return"))
    }


def read_of(builder: Callable[..., Read[Any]]) -> Read[Any]:
    """Return the read that asks for what the answer is about."""
    return builder(*READS[builder][0])


def complete(builder: Callable[..., Read[Any]]) -> Json:
    """Return its answer, for the caller to spoil."""
    copy: Json = json.loads(json.dumps(READS[builder][1]))
    return copy


def places(body: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401
    """Return the path of every value in a body, from the outside in."""
    items = body.items() if isinstance(body, dict) else enumerate(body)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def spoiled(body: Any, path: tuple[str | int, ...], value: object = None, *, drop: bool) -> None:  # noqa: ANN401
    """Take a value off a body, or put another in its place."""
    for key in path[:-1]:
        body = body[key]
    if drop:
        del body[path[-1]]
    else:
        body[path[-1]] = value


def incomplete(builder: Callable[..., Read[Any]], root: str) -> Iterator[tuple[str, int, Json]]:
    """Return answers that do not tell all: a name, the HTTP status and the body of each.

    Args:
        builder: of the read.
        root: of Graph, with its version: next pages are asked for there.
    """
    whole = complete(builder)
    for path in places(whole):
        if isinstance(path[-1], str):
            body = complete(builder)
            spoiled(body, path, drop=True)
            yield f"without {path}", 200, body
    yield "empty", 200, {}
    yield "no items", 200, {"value": None}
    yield "an error behind", 200, {**whole, "error": {"code": "generalException"}}
    for name, link in {
        "not there": f"{root}/nowhere", "elsewhere": "https://evil.example/v1.0/users",
        "no link": 7,
    }.items():  # fmt: skip
        yield f"a next page that is {name}", 200, {"value": [], "@odata.nextLink": link}
    yield "more counted than sent", 200, {**whole, "value": [], "@odata.count": 1}
    yield "refused", 403, {"error": {"code": "Authorization_RequestDenied"}}
    if builder is not tenant_reads.partner_inbound:
        # Most partners have no policy of their own.
        yield "not found", 404, {"error": {"code": "Request_ResourceNotFound"}}
