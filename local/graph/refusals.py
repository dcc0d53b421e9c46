"""Why Graph refuses an invitation, in its own words.

The documented ones, and those that field reports add; each follows from the tenant's state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.graph.errors import GraphError, bad_request, denied, invitation_denied

if TYPE_CHECKING:
    from local.graph.schema import Json
    from local.graph.tenant import Tenant

# As Graph writes its apostrophes.
_QUOTE = "\N{RIGHT SINGLE QUOTATION MARK}"
# "Invite internal users to B2B collaboration": characters an address may not have before the @.
_FORBIDDEN = frozenset('~!#$%^&*()+=[]{}\\/|;:"<>?,')


def refuse_caller(tenant: Tenant, *, converts: bool) -> None:
    """Refuse an application that may not invite, or a tenant in which nobody may.

    Raises:
        GraphError: 403.
    """
    needed = {"User.Invite.All"}
    if converts and tenant.unconfirmed["conversionNeedsReadWrite"]:
        needed.add("User.ReadWrite.All")
    if not tenant.granted(needed):
        raise invitation_denied()
    restricted = tenant.allow_invites_from == "adminsAndGuestInviters"
    if tenant.allow_invites_from == "none" or (
        restricted and tenant.unconfirmed["adminsOnlyRefusesApps"]
    ):
        raise GraphError(
            403,
            "Unauthorized",
            "Guest invitations not allowed for your company. Contact your company administrator"
            " for more details.",
        )


def refuse_user(tenant: Tenant, user: Json, *, reset: bool) -> None:
    """Refuse to convert a user, or to invite one again.

    Raises:
        GraphError: 400, 403, 412, or what the user's ``$fault`` orders.
    """
    if fault := tenant.user_faults.get(user["id"]):
        fault.strike("invite")
    if user["id"] in tenant.converted_back:
        raise GraphError(
            412,
            "Request_PreconditionFailed",
            "The user was converted to an internal user before.",
        )
    if user["onPremisesUserPrincipalName"]:
        raise bad_request("User invitation failed. Invalid request input.")
    if user["externalUserState"] == "Accepted" and not reset:
        raise bad_request(
            "The invited user has already redeemed an invitation. Set resetRedemption to true."
        )
    # "Reset redemption status": for an application, not of who holds any directory role.
    resettable = tenant.granted(["User.ReadWrite.All"])
    if reset and (not resettable or tenant.memberships.roles_of(user["id"])):
        raise denied()


def refuse_address(tenant: Tenant, address: str, user: Json | None) -> None:
    """Refuse an address that nobody can be invited by, or that is not the user's own.

    Raises:
        GraphError: 400.
    """
    local, _, domain = address.rpartition("@")
    if not local or not domain or local[0] in ".-" or local[-1] in ".-":
        raise bad_request("Invalid email address.")
    if not _FORBIDDEN.isdisjoint(local):
        raise bad_request("Invalid email address.")
    _refuse_own_domain(tenant, domain.lower())
    if any(_holds(group, address) for group in tenant.groups.values()):
        raise bad_request("Group email address is not supported.")
    if user is not None:
        _refuse_mail(tenant, user, address)
    others = [found["id"] for found in tenant.holders(address) if found is not user]
    if others and user is None:
        raise bad_request(
            f"The invited user already exists in the directory as object ID: {others[0]}. They can"
            " use that account to sign in to shared apps and resources."
        )
    if any(_holds_internally(tenant.users[id_], address) for id_ in others):
        raise bad_request(
            "Non-external user already exists with the given mail address and"
            f" can{_QUOTE}t be invited."
        )
    if others or any(_holds(contact, address) for contact in tenant.contacts.values()):
        raise bad_request(
            "Another object with the same value for property proxyAddresses already exists."
        )


def refuse_organization(tenant: Tenant, domain: str) -> None:
    """Refuse a domain or a home tenant that collaboration is closed to.

    Raises:
        GraphError: 400.
    """
    allowed = _lower(tenant.domain_lists.get("AllowedDomains"))
    closed = domain in _lower(tenant.domain_lists.get("BlockedDomains"))
    if closed or (allowed and domain not in allowed) or _blocked(tenant, domain):
        raise bad_request("This invitation is blocked by cross-tenant access settings.")
    if tenant.home_tenants.get(domain, {}).get("$refusesInvitations"):
        raise bad_request(
            f"This user can{_QUOTE}t be invited to this directory. Please try a different email"
            " address for the user or create a user account."
        )


def _refuse_mail(tenant: Tenant, user: Json, address: str) -> None:
    """Refuse as the field reports say of ``mail`` (the article of today demands it there)."""
    mail = user["mail"] or ""
    own = {domain["id"].lower() for domain in tenant.domains if domain["isVerified"]}
    if mail.rpartition("@")[2].lower() in own:
        raise bad_request(
            "User's email address cannot be in a verified domain. Please change the user's email to"
            " enable conversion to a B2B user."
        )
    held = [*user["otherMails"], mail]
    if tenant.unconfirmed["mailHasToHoldTheAddress"]:
        held = [mail]
    if address.lower() not in _lower(held):
        raise bad_request(
            f"The email you{_QUOTE}re using to invite this user doesn{_QUOTE}t match any emails on"
            " the user object. Please add this email to the user object and try again."
        )


def _holds_internally(user: Json, address: str) -> bool:
    return not user["externalUserState"] and address.lower() == (user["mail"] or "").lower()


def _refuse_own_domain(tenant: Tenant, domain: str) -> None:
    if any(own["isVerified"] and own["id"].lower() == domain for own in tenant.domains):
        raise bad_request(
            "This user cannot be invited because the domain of the user's email address is a"
            " verified domain of this directory."
        )
    home = tenant.home_tenants.get(domain)
    if home and home["tenantId"].lower() == tenant.tenant_id.lower():
        raise bad_request("Invitee is in inviter tenant")


def _blocked(tenant: Tenant, domain: str) -> bool:
    """Return whether inbound collaboration is closed to everyone of a domain's home tenant.

    What a partner leaves unset is the default's ("Cross-tenant access settings").
    """
    home = tenant.home_tenants.get(domain)
    partner = tenant.partners.get(home["tenantId"].lower(), {}) if home else {}
    inbound = {
        **(tenant.default_access.get("b2bCollaborationInbound") or {}),
        **(partner.get("b2bCollaborationInbound") or {}),
    }
    return any(_closes(setting) for setting in inbound.values())


def _closes(setting: Json | None) -> bool:
    if not setting or setting["accessType"] != "blocked":
        return False
    targets = {target["target"] for target in setting.get("targets") or ()}
    return not targets or not targets.isdisjoint({"AllUsers", "AllApplications"})


def _holds(found: Json, address: str) -> bool:
    texts = [found["mail"], *found["proxyAddresses"]]
    held = {text.partition(":")[2] or text for text in texts if text}
    return address.lower() in _lower(list(held))


def _lower(texts: list[str] | None) -> set[str]:
    return {text.lower() for text in texts or ()}
