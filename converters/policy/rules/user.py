"""The rules about the user: who is meant, and what the account is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.model.outcome import Owner, Status
from converters.policy.rule import Finding, Rule, found_if, known, named
from converters.settings.editions import RulesEdition

if TYPE_CHECKING:
    from converters.policy.rule import Case


INVITATION_PENDING, ACCOUNT_DISABLED = "invitationPending", "accountDisabled"
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
    return found_if(not known(case.facts.matches))


def _several(case: Case) -> Finding | None:
    matches = known(case.facts.matches)
    return found_if(len(matches) > 1, ids=named(matches))


def _external(case: Case) -> Finding | None:
    user = case.user
    if user.external_user_state == "Accepted":
        return Finding({})
    federated = any(i.sign_in_type == "federated" for i in user.identities or ())
    return found_if(federated and user.external_user_state != "PendingAcceptance")


def _identity_unknown(case: Case) -> Finding | None:
    # Guests who signed up by themselves have no externalUserState: their identities must tell.
    user = case.user
    if user.external_user_state is not None:
        return found_if(user.external_user_state not in _EXTERNAL_USER_STATES)
    return found_if(user.identities is None or (not user.identities and user.user_type == "Guest"))


def _pending(case: Case) -> Finding | None:
    user = case.user
    if user.external_user_state != "PendingAcceptance":
        return None
    since = user.external_user_state_changed
    return Finding({"since": f" since {since:%Y-%m-%d}" if since else ""})


def _has_mailbox(case: Case) -> Finding | None:
    return found_if(
        any(
            plan.service_plan_id.lower() in MAILBOX_PLANS
            and plan.capability_status.lower() not in _INACTIVE
            for plan in case.user.assigned_plans
        )
    )


RULES = (
    Rule(
        code="userNotFound",
        message="The directory has no user that the request names.",
        remediation=(
            "Correct invitedUser. If the user was created a moment ago, send the request again in "
            "five minutes."
        ),
        owner=Owner.REQUESTER,
        check=_not_found,
        retriable=True,
    ),
    Rule(
        code="severalUsersMatch",
        message="Several users hold the address: {ids}.",
        remediation="Name the user to convert by invitedUser.id.",
        owner=Owner.REQUESTER,
        check=_several,
    ),
    Rule(
        code="alreadyExternal",
        message="The user already signs in with an identity from outside this tenant.",
        remediation=(
            "There is nothing to convert. To invite the person again, reset the redemption status."
        ),
        owner=Owner.IDENTITY_ADMIN,
        check=_external,
        status=Status.ALREADY_EXTERNAL,
    ),
    Rule(
        code=INVITATION_PENDING,
        message="The user was invited and has not redeemed the invitation{since}.",
        remediation=(
            "Ask the person to redeem it. An administrator can send it again; the older link then "
            "stops working."
        ),
        owner=Owner.REQUESTER,
        check=_pending,
        status=Status.ALREADY_INVITED,
    ),
    Rule(
        code="identityUnclear",
        message=(
            "The directory does not say how the user signs in, so the user may be external already."
        ),
        remediation="Look at the user's identities in the Entra admin center.",
        owner=Owner.IDENTITY_ADMIN,
        check=_identity_unknown,
    ),
    Rule(
        code=ACCOUNT_DISABLED,
        message="The account is disabled.",
        remediation="Enable the account. If the person has left, leave it as it is.",
        owner=Owner.IDENTITY_ADMIN,
        check=lambda case: found_if(not case.user.account_enabled),
    ),
    Rule(
        code="mailboxAssigned",
        message="The user has an Exchange mailbox.",
        remediation=(
            "Delete the internal account and invite the person anew. Or remove the Exchange "
            "licence, put the external address into mail, and send the request again."
        ),
        owner=Owner.IDENTITY_ADMIN,
        check=_has_mailbox,
        warns_in=frozenset({RulesEdition.CURRENT}),
        at_graph="Graph refuses as long as mail is in a verified domain of this tenant.",
    ),
    Rule(
        code="onPremisesUserPrincipalNameSet",
        message=(
            "The user has an onPremisesUserPrincipalName; Entra refuses to invite such users."
        ),
        remediation=(
            "Take the user out of the scope of the synchronisation, or clear the attribute. If you "
            "cannot, delete the internal account and invite the person anew."
        ),
        owner=Owner.IDENTITY_ADMIN,
        check=lambda case: found_if(case.user.on_premises_user_principal_name),
    ),
)
