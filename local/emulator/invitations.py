"""What Graph does with ``POST /invitations`` ("Create invitation"), refusals included."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from local.emulator.errors import GraphError, bad_request
from local.emulator.tenant import held_addresses, timestamp

if TYPE_CHECKING:
    from local.emulator.tenant import Json, Tenant

PROPERTIES = frozenset(
    {
        "invitedUser", "invitedUserDisplayName", "invitedUserEmailAddress",
        "invitedUserMessageInfo", "invitedUserType", "inviteRedirectUrl", "resetRedemption",
        "sendInvitationMessage",
    }
)  # fmt: skip
MESSAGE_PROPERTIES = frozenset({"messageLanguage", "ccRecipients", "customizedMessageBody"})


def invite(tenant: Tenant, body: Any, mails: list[Json]) -> Json:  # noqa: ANN401 - JSON
    """Make an invitation: a conversion with ``invitedUser.id``, a new guest without it.

    Raises:
        GraphError: the documented refusal.
    """
    _check_form(body)
    _check_tenant(tenant)
    address = body["invitedUserEmailAddress"]
    user_id = (body.get("invitedUser") or {}).get("id")
    user = tenant.users.get(user_id) if user_id else None
    if user_id and user is None:
        message = f"Resource '{user_id}' does not exist."
        raise GraphError(404, "Directory_ObjectNotFound", message)
    if user is not None:
        _check_user(tenant, user, reset=body.get("resetRedemption") is True)
    _check_address(tenant, address, user)
    if user is None:
        user = _new_guest(tenant, address)
    _make_pending(tenant, user, address)
    return _invited(tenant, user, body, mails)


def _check_form(body: Any) -> None:  # noqa: ANN401
    if not isinstance(body, dict):
        raise bad_request("The body is not valid JSON.")
    for name in body:
        if name not in PROPERTIES:
            raise bad_request(
                f"The property '{name}' does not exist on type 'microsoft.graph.invitation'."
            )
    for name in ("invitedUserEmailAddress", "inviteRedirectUrl"):
        if not body.get(name):
            raise bad_request(f"Missing required property '{name}'.")
    info = body.get("invitedUserMessageInfo") or {}
    if not set(info) <= MESSAGE_PROPERTIES:
        raise bad_request("Unknown property in invitedUserMessageInfo.")
    if len(info.get("ccRecipients") or ()) > 1:
        raise bad_request("Only one cc recipient is allowed.")


def _check_tenant(tenant: Tenant) -> None:
    if tenant.permissions is not None and "User.Invite.All" not in tenant.permissions:
        raise GraphError(
            403,
            "Unauthorized",
            "Insufficient privileges to perform requested operation by the application."
            " ControllerName=MSGraphInviteAPI, ActionName=CreateInvite",
        )
    if tenant.allow_invites_from == "none":
        raise GraphError(
            403,
            "Unauthorized",
            "Guest invitations not allowed for your company. Contact your company administrator"
            " for more details.",
        )


def _check_user(tenant: Tenant, user: Json, *, reset: bool) -> None:
    if fault := tenant.faults.get(user["id"], {}).get("invite"):
        raise GraphError(fault["status"], fault["code"], fault["message"])
    if user["id"] in tenant.converted_back:
        raise GraphError(412, "PreconditionFailed", "The user was converted to internal before.")
    if user["onPremisesUserPrincipalName"]:
        raise bad_request("User invitation failed. Invalid request input.")
    if user["externalUserState"] == "Accepted" and not reset:
        raise bad_request("The invited user has already redeemed; use resetRedemption.")


def _check_address(tenant: Tenant, address: str, user: Json | None) -> None:
    domain = address.rpartition("@")[2].lower()
    if any(entry["id"] == domain and entry["isVerified"] for entry in tenant.domains):
        raise bad_request(
            "This user cannot be invited because the domain of the user's email address is a"
            " verified domain of this directory."
        )
    holders = [found for found in tenant.users_with({address.lower()}) if found is not user]
    if holders and user is None:
        message = "The invited user already exists in the directory as object ID:"
        raise bad_request(f"{message} {holders[0]['id']}. They can use that account to sign in.")
    contacts = {str(contact["mail"]).lower() for contact in tenant.contacts}
    if holders or address.lower() in contacts:
        raise bad_request(
            "Another object with the same value for property proxyAddresses already exists."
        )
    if _blocked(tenant, domain):
        raise bad_request("This invitation is blocked by cross-tenant access settings.")


def _blocked(tenant: Tenant, domain: str) -> bool:
    lists = tenant.invitation_domains or {}
    allowed, blocked = lists.get("AllowedDomains"), lists.get("BlockedDomains") or ()
    if domain in blocked or (allowed and domain not in allowed):
        return True
    home = tenant.home_tenants.get(domain)
    policies = [tenant.cross_tenant_access.get("default", {})]
    for partner in tenant.cross_tenant_access.get("partners", ()):
        if home and partner["tenantId"] == home["tenantId"]:
            policies.insert(0, partner)
    for policy in policies:
        if inbound := (policy.get("b2bCollaborationInbound") or {}).get("usersAndGroups"):
            return bool(inbound["accessType"] == "blocked")
    return False


def _new_guest(tenant: Tenant, address: str) -> Json:
    name = address.replace("@", "_") + "#EXT#@contoso.onmicrosoft.com"
    guest = {"userPrincipalName": name, "userType": "Guest", "mail": address, "identities": []}
    return tenant.add_user(guest)


def _make_pending(tenant: Tenant, user: Json, address: str) -> None:
    tenant.before_write(user["id"])
    user["externalUserState"] = "PendingAcceptance"
    user["externalUserStateChangeDateTime"] = timestamp()
    user["creationType"] = "Invitation"
    if address.lower() not in held_addresses(user):
        user["otherMails"] = [*user["otherMails"], address]
        tenant.index(user)


def _invited(tenant: Tenant, user: Json, body: Json, mails: list[Json]) -> Json:
    invitation_id = str(uuid.uuid4())
    # A new invitation voids the link of the one before.
    url = f"https://login.microsoftonline.com/redeem?rd=https%3a%2f%2finvitations%2f{invitation_id}"
    tenant.redeem_urls[user["id"]] = url
    info = body.get("invitedUserMessageInfo") or {}
    sent = body.get("sendInvitationMessage") is True
    if sent:
        # For application callers, the text does not get into the mail.
        kept = {name: value for name, value in info.items() if name != "customizedMessageBody"}
        mails.append({"to": body["invitedUserEmailAddress"], "redeemUrl": url, **kept})
    return {
        "id": invitation_id,
        "inviteRedeemUrl": url,
        "invitedUserDisplayName": user["displayName"],
        "invitedUserType": user["userType"],
        "invitedUserEmailAddress": body["invitedUserEmailAddress"],
        "sendInvitationMessage": sent,
        "resetRedemption": body.get("resetRedemption") is True,
        "inviteRedirectUrl": body["inviteRedirectUrl"],
        "status": "PendingAcceptance",
        "invitedUserMessageInfo": {
            "messageLanguage": info.get("messageLanguage"),
            "customizedMessageBody": info.get("customizedMessageBody"),
            "ccRecipients": info.get("ccRecipients") or [],
        },
        "invitedUser": {"id": user["id"], "userPrincipalName": user["userPrincipalName"]},
    }
