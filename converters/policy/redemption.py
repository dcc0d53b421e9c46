"""What one look at an invited user means. Pure: a standing in, a judgement out.

Sources: "user resource type" (externalUserState), "objectIdentity resource type", "Properties of a
Microsoft Entra B2B collaboration user". What is not told never counts as redeemed, and a kind of
identity that is not known is said to be unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.model.addresses import AddressMalformed, domain_of, normal_domain
from converters.model.follow_up import Judgement
from converters.model.outcome import Owner, Reason, Status
from converters.model.redemption import IdentityProvider, Redemption

if TYPE_CHECKING:
    from converters.model.redemption import ExternalIdentity, Standing

_ACCEPTED = "Accepted"
_PROVIDERS = {
    "externalazuread": IdentityProvider.ENTRA,
    "microsoftaccount": IdentityProvider.MICROSOFT_ACCOUNT,
    "mail": IdentityProvider.ONE_TIME_PASSCODE,
    "google.com": IdentityProvider.FEDERATED,
    "facebook.com": IdentityProvider.FEDERATED,
}

USER_DELETED = Reason(
    "userDeleted",
    "The account was deleted after the invitation.",
    "You need not do anything. If that was a mistake, restore the account within 30 days.",
    Owner.IDENTITY_ADMIN,
)
USER_DISABLED = Reason(
    "userDisabled",
    "The account was disabled after the invitation.",
    "If the person is still to be converted, enable the account and send a new request.",
    Owner.IDENTITY_ADMIN,
)
CONVERTED_OTHERWISE = Reason(
    "convertedOtherwise",
    "The user signs in with an identity from outside, but not by this invitation.",
    "You need not do anything, unless nobody knows who converted the account.",
    Owner.IDENTITY_ADMIN,
)
NO_LONGER_PENDING = Reason(
    "noLongerPending",
    "The invitation is no longer pending, and nobody redeemed it: the account is internal.",
    "Ask whoever administers the account; send a new request if it is still to be converted.",
    Owner.IDENTITY_ADMIN,
)
HAD_NO_EFFECT = Reason(
    "invitationHadNoEffect",
    "Graph said that the invitation was made, but the directory shows no change of the user.",
    "Send a new request. If it ends the same, give Microsoft's support graph.correlationId.",
    Owner.OPERATOR,
    retriable=False,
)
NOT_REDEEMED = Reason(
    "notRedeemed",
    "Nobody has redeemed the invitation for {days} days; it is no longer followed up.",
    "Check the address with the person. If it is right, send a request with mode resend.",
    Owner.REQUESTER,
)
OTHER_DOMAIN = Reason(
    "redeemedByOtherDomain",
    "The person redeemed with an identity of another domain than the invited one.",
    "Make sure that it is the person who was meant; if not, block sign-in and reset the redemption"
    " status.",
    Owner.IDENTITY_ADMIN,
)
IDENTITY_UNKNOWN = Reason(
    "identityProviderUnknown",
    "The directory does not say by which kind of identity the person redeemed.",
    "Look at the user's identities in the Entra admin center.",
    Owner.IDENTITY_ADMIN,
)


def judge(
    standing: Standing | None, domain: str | None, *, seen: bool, settled: bool, stale_days: int
) -> Judgement | None:
    """Judge a user who was invited; ``None``: the follow-up goes on.

    Args:
        standing: of the user, ``None`` where there is no such user.
        domain: the invited address's, where it is known.
        seen: whether an earlier look saw the invitation pending.
        settled: whether the invitation is older than Graph's replicas may lag.
        stale_days: the invitation's age in days where that is too many, else 0.
    """
    if standing is None:
        return _cancelled(USER_DELETED)
    if standing.external_user_state == _ACCEPTED:
        return _redeemed(standing, domain)
    if not standing.account_enabled:
        return _cancelled(USER_DISABLED)
    if standing.external_user_state is None:
        return _without_invitation(standing, seen=seen, settled=settled)
    if stale_days:
        return Judgement(Status.STALE, (NOT_REDEEMED.filled(days=stale_days),))
    return None


def _without_invitation(standing: Standing, *, seen: bool, settled: bool) -> Judgement | None:
    if standing.identities:
        return _cancelled(CONVERTED_OTHERWISE)
    if seen:
        return _cancelled(NO_LONGER_PENDING)
    return Judgement(Status.FAILED, (HAD_NO_EFFECT,)) if settled else None


def _cancelled(reason: Reason) -> Judgement:
    return Judgement(Status.CANCELLED, (reason,))


def _redeemed(standing: Standing, domain: str | None) -> Judgement:
    identity = standing.identities[0] if standing.identities else None
    provider = _provider(identity) if identity else IdentityProvider.UNKNOWN
    own = _domain(identity) if identity else None
    matches = own == domain if own and domain else None
    warnings = (
        *((OTHER_DOMAIN,) if matches is False else ()),
        *((IDENTITY_UNKNOWN,) if provider is IdentityProvider.UNKNOWN else ()),
    )
    redemption = Redemption(standing.changed, provider, matches)
    return Judgement(Status.REDEEMED, warnings=warnings, redemption=redemption)


def _provider(identity: ExternalIdentity) -> IdentityProvider:
    known = _PROVIDERS.get(identity.issuer.lower())
    if known:
        return known
    # Of another Entra organisation the reference says that the issuer is its domain.
    return IdentityProvider.ENTRA if _issuing(identity) else IdentityProvider.FEDERATED


def _domain(identity: ExternalIdentity) -> str | None:
    """Return the domain of an identity, where its own name or its issuer says one."""
    if identity.assigned_id and "@" in identity.assigned_id:
        return domain_of(identity.assigned_id)
    return None if identity.issuer.lower() in _PROVIDERS else _issuing(identity)


def _issuing(identity: ExternalIdentity) -> str | None:
    """Return the issuer where it is a domain."""
    try:
        return normal_domain(identity.issuer)
    except AddressMalformed:
        return None
