"""The rules about the user: who is meant, and what the account is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.case import Rule, known, named, when
from converters.model import Owner, Status
from converters.rules.remedies import DELETE_AND_INVITE

if TYPE_CHECKING:
    from converters.case import Case, Finding


INVITATION_PENDING = "invitationPending"
MAILBOX_PLANS = frozenset(
    {
        "9aaf7827-d63c-4b61-89c3-182f06f82e5c",  # EXCHANGE_S_STANDARD
        "efb87545-963c-4e0d-99df-69c6916d9eb0",  # EXCHANGE_S_ENTERPRISE
        "4a82b400-a79f-41a4-b4e2-e94f5787b113",  # EXCHANGE_S_DESKLESS
        "1126bef5-da20-4f07-b45e-ad25d2581aa8",  # EXCHANGE_S_ESSENTIALS
        "d42bdbd6-c335-4231-ab3d-c8f348d5aff5",  # EXCHANGE_L_STANDARD
        "90927877-dcff-4af6-b346-2332c0b15bb7",  # EXCHANGE_B_STANDARD
        "fc52cc4b-ed7d-472d-bbe7-b081c23ecc56",  # EXCHANGE_S_STANDARD_MIDMARKET
        "e9b4930a-925f-45e2-ac2a-3f7788ca6fdd",  # EXCHANGE_S_STANDARD_GOV
        "8c3069c0-ccdb-44be-ab77-986203a67df2",  # EXCHANGE_S_ENTERPRISE_GOV
        "88f4d7ef-a73b-4246-8047-516022144c9f",  # EXCHANGE_S_DESKLESS_GOV
    }
)
# The states of a service plan that leave nothing to use ("assignedPlan resource type").
_INACTIVE = frozenset({"suspended", "deleted", "lockedout"})
# "user resource type": the others are for what is yet to come.
_EXTERNAL_USER_STATES = frozenset({"PendingAcceptance", "Accepted"})


def _not_found(case: Case) -> Finding | None:
    return when(not known(case.facts.matches))


def _several(case: Case) -> Finding | None:
    matches = known(case.facts.matches)
    return {"ids": named(matches)} if len(matches) > 1 else None


def _external(case: Case) -> Finding | None:
    user = case.user
    if user.external_user_state == "Accepted":
        return {}
    federated = any(i.sign_in_type == "federated" for i in user.identities or ())
    return when(federated and user.external_user_state != "PendingAcceptance")


def _identity_unknown(case: Case) -> Finding | None:
    # Guests who signed up by themselves have no externalUserState: their identities must tell.
    user = case.user
    if user.external_user_state is not None:
        return when(user.external_user_state not in _EXTERNAL_USER_STATES)
    return when(user.identities is None or (not user.identities and user.user_type == "Guest"))


def _pending(case: Case) -> Finding | None:
    user = case.user
    if user.external_user_state != "PendingAcceptance":
        return None
    since = user.external_user_state_changed
    return {"since": f" since {since:%Y-%m-%d}" if since else ""}


def _has_mailbox(case: Case) -> Finding | None:
    return when(
        any(
            plan.service_plan_id.lower() in MAILBOX_PLANS
            and plan.capability_status.lower() not in _INACTIVE
            for plan in case.user.assigned_plans
        )
    )


RULES = (
    Rule(
        "userNotFound",
        "The directory has no user that the request names.",
        "Correct invitedUser; for a user made a moment ago, send it again in five minutes.",
        Owner.REQUESTER,
        _not_found,
        retriable=True,
    ),
    Rule(
        "severalUsersMatch",
        "Several users hold the address: {ids}.",
        "Name the one to convert by invitedUser.id.",
        Owner.REQUESTER,
        _several,
    ),
    Rule(
        "alreadyExternal",
        "The user already signs in with an identity from outside this tenant.",
        "Nothing is left to convert; to invite the person again, reset the redemption status.",
        Owner.IDENTITY_ADMIN,
        _external,
        status=Status.ALREADY_EXTERNAL,
    ),
    Rule(
        INVITATION_PENDING,
        "The user was invited and has not redeemed the invitation{since}.",
        "Ask the person to redeem it; an administrator can resend it, and voids the link.",
        Owner.REQUESTER,
        _pending,
        status=Status.ALREADY_INVITED,
    ),
    Rule(
        "identityUnclear",
        "The directory does not tell how the user signs in, so it may be an external user already.",
        "Look at the user's identities in the Entra admin center.",
        Owner.IDENTITY_ADMIN,
        _identity_unknown,
    ),
    Rule(
        "accountDisabled",
        "The account is disabled.",
        "Enable the account, or leave it as it is if the person has left.",
        Owner.IDENTITY_ADMIN,
        lambda case: when(not case.user.account_enabled),
    ),
    Rule(
        "mailboxAssigned",
        "The user has an Exchange mailbox.",
        DELETE_AND_INVITE,
        Owner.IDENTITY_ADMIN,
        _has_mailbox,
    ),
    Rule(
        "onPremisesUserPrincipalNameSet",
        "The user has an onPremisesUserPrincipalName, with which Entra refuses the invitation.",
        "Take the user out of the synchronisation's scope or clear the attribute; else delete the"
        " internal account and invite the person anew.",
        Owner.IDENTITY_ADMIN,
        lambda case: when(case.user.on_premises_user_principal_name),
    ),
)
