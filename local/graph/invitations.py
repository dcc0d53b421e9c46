"""``POST /invitations``: a conversion with ``invitedUser.id``, a new guest without.

From "Create invitation", "invitation resource type" and "Invite internal users to B2B
collaboration".
"""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING
from urllib.parse import quote

from local.graph.errors import GraphError
from local.graph.exchange import timestamp
from local.graph.form import checked
from local.graph.refusals import (
    refuse_address,
    refuse_caller,
    refuse_organization,
    refuse_user,
)

if TYPE_CHECKING:
    from local.graph.query import Query
    from local.graph.schema import Json
    from local.graph.tenant import Tenant


def create(query: Query) -> Json:
    """Make an invitation and return it.

    Raises:
        GraphError: 400, 403, 404 or 412, in which case nothing happened.
    """
    tenant = query.tenant
    refuse_caller(tenant, converts=isinstance(query.body, dict) and "invitedUser" in query.body)
    body = checked(query.body)
    user_id = (body.get("invitedUser") or {}).get("id")
    user = _invited_user(tenant, user_id)
    if user is not None:
        refuse_user(tenant, user, reset=body.get("resetRedemption") is True)
    address = body["invitedUserEmailAddress"]
    refuse_address(tenant, address, user)
    refuse_organization(tenant, address.rpartition("@")[2].lower())
    if user is None:
        user = _new_guest(tenant, address, body.get("invitedUserDisplayName"))
    _make_pending(tenant, user)
    made = _invitation(tenant, user, body)
    context = f"{query.root}/$metadata#invitations/$entity"
    tenant.invitations.append(made)
    return {"@odata.context": context, **made}


def _invited_user(tenant: Tenant, user_id: str | None) -> Json | None:
    if user_id is None:
        return None
    user = tenant.users.get(user_id) or tenant.users.get(user_id.lower())
    # A replica that has not heard of the user refuses as for one that never was.
    if user is None or tenant.replica.seen(user["id"], user) is None:
        raise GraphError(
            404, "Directory_ObjectNotFound", f"Unable to find the user with object id {user_id}."
        )
    return user


def _new_guest(tenant: Tenant, address: str, display_name: str | None) -> Json:
    local, _, domain = address.rpartition("@")
    return tenant.add_user(
        {
            "userPrincipalName": f"{local}_{domain}#EXT#@{tenant.initial_domain}",
            "displayName": display_name or local,
            "userType": "Guest",
            "mail": address,
            "otherMails": [address],
            "proxyAddresses": [f"SMTP:{address}"],
            "createdDateTime": timestamp(),
        }
    )


def _make_pending(tenant: Tenant, user: Json) -> None:
    """Mark a user as invited; the name, the id and the addresses stay as they are."""
    tenant.change_user(
        user["id"],
        externalUserState="PendingAcceptance",
        externalUserStateChangeDateTime=timestamp(),
        creationType="Invitation",
        # Who is reset no longer signs in by the identity of the redemption before.
        identities=[each for each in user["identities"] if each["signInType"] != "federated"],
    )


def _invitation(tenant: Tenant, user: Json, body: Json) -> Json:
    invitation_id = str(uuid.uuid4())
    link = (
        f"https://invitations.microsoft.com/redeem/?tenant={tenant.tenant_id}"
        f"&user={invitation_id}&ticket={secrets.token_urlsafe(32)}&ver=2.0"
    )
    url = f"https://login.microsoftonline.com/redeem?rd={quote(link, safe='')}"
    # The link of an earlier invitation stops working.
    tenant.redeem_urls[user["id"]] = url
    message = body.get("invitedUserMessageInfo") or {}
    sent = body.get("sendInvitationMessage") is True
    if sent:
        _send(tenant, url, message, body)
    return {
        "id": invitation_id,
        "inviteRedeemUrl": url,
        "invitedUserDisplayName": body.get("invitedUserDisplayName"),
        "invitedUserType": body.get("invitedUserType") or user["userType"],
        "invitedUserEmailAddress": body["invitedUserEmailAddress"],
        "sendInvitationMessage": sent,
        "resetRedemption": body.get("resetRedemption") is True,
        "inviteRedirectUrl": body["inviteRedirectUrl"],
        "status": "PendingAcceptance",
        "invitedUserMessageInfo": {
            "messageLanguage": message.get("messageLanguage"),
            "customizedMessageBody": message.get("customizedMessageBody"),
            "ccRecipients": message.get("ccRecipients")
            or [{"emailAddress": {"name": None, "address": None}}],
        },
        "invitedUser": {"id": user["id"], "userPrincipalName": user["userPrincipalName"]},
    }


def _send(tenant: Tenant, url: str, message: Json, body: Json) -> None:
    """Note the mail; for an application Graph leaves the customized text out of it."""
    tenant.mails.append(
        {
            "to": body["invitedUserEmailAddress"],
            "redeemUrl": url,
            "redirectUrl": body["inviteRedirectUrl"],
            "messageLanguage": message.get("messageLanguage") or "en-US",
            "ccRecipients": message.get("ccRecipients") or [],
        }
    )
