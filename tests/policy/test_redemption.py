"""What a look at an invited user means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.model.outcome import Status
from converters.model.redemption import ExternalIdentity, IdentityProvider, Standing
from converters.policy.redemption import judge

if TYPE_CHECKING:
    from converters.model.follow_up import Judgement

WHEN = datetime(2026, 11, 27, tzinfo=UTC)
ISSUERS = st.sampled_from(
    ["ExternalAzureAD", "MicrosoftAccount", "mail", "google.com", "fabrikam.example", "urn:x", ""]
)
IDENTITIES = st.none() | st.lists(
    st.builds(ExternalIdentity, ISSUERS, st.sampled_from([None, "", "a@b", "kim@partner.example"])),
    max_size=2,
).map(tuple)
STANDINGS = st.none() | st.builds(
    Standing,
    st.booleans(),
    st.sampled_from([None, "PendingAcceptance", "Accepted", "Else", ""]),
    st.none() | st.just(WHEN),
    IDENTITIES,
)


def judged(standing: Standing | None, domain: str | None = "partner.example") -> Judgement | None:
    return judge(standing, domain, seen=False, settled=True, stale_days=0)


@given(STANDINGS, st.booleans(), st.booleans(), st.sampled_from([0, 30]))
def test_only_accepted_is_redeemed_and_only_settled_absence_fails(
    standing: Standing | None,
    seen: bool,  # noqa: FBT001 - drawn
    settled: bool,  # noqa: FBT001
    stale_days: int,
) -> None:
    found = judge(standing, "partner.example", seen=seen, settled=settled, stale_days=stale_days)
    state = standing.external_user_state if standing else None
    status = found.status if found else None
    assert (status is Status.REDEEMED) == (state == "Accepted")
    assert (found is not None and found.redemption is not None) == (status is Status.REDEEMED)
    if status is Status.FAILED:
        assert settled
        assert not seen
        assert state is None
    if status is Status.STALE:
        assert stale_days
        assert state not in {None, "Accepted"}
    if standing is None:
        assert status is Status.CANCELLED
    if found and status is not Status.REDEEMED:
        assert len(found.reasons) == 1


@pytest.mark.parametrize(
    ("issuer", "assigned_id", "provider", "matches"),
    [
        ("ExternalAzureAD", None, IdentityProvider.ENTRA, None),
        ("externalazuread", "kim@PARTNER.example.", IdentityProvider.ENTRA, True),
        ("MicrosoftAccount", "kim@outlook.example", IdentityProvider.MICROSOFT_ACCOUNT, False),
        ("mail", "kim@partner.example", IdentityProvider.ONE_TIME_PASSCODE, True),
        ("mail", "no domain", IdentityProvider.ONE_TIME_PASSCODE, None),
        ("google.com", None, IdentityProvider.FEDERATED, None),
        ("partner.example", None, IdentityProvider.ENTRA, True),
        ("Else.example", None, IdentityProvider.ENTRA, False),
        ("https://sts.partner.example/trust", None, IdentityProvider.FEDERATED, None),
        ("", None, IdentityProvider.FEDERATED, None),
    ],
)
def test_identity_is_told_as_far_as_the_directory_does(
    issuer: str,
    assigned_id: str | None,
    provider: IdentityProvider,
    matches: bool | None,  # noqa: FBT001 - what is expected
) -> None:
    identity = ExternalIdentity(issuer, assigned_id)
    found = judged(Standing(account_enabled=True, external_user_state="Accepted",
                            changed=WHEN, identities=(identity,)))  # fmt: skip
    assert found
    assert found.redemption
    assert found.redemption.identity_provider is provider
    assert found.redemption.domain_matches is matches
    assert found.redemption.redeemed == WHEN
    assert [each.code for each in found.warnings] == (
        ["redeemedByOtherDomain"] if matches is False else []
    )


@pytest.mark.parametrize("identities", [None, ()])
def test_identity_that_the_directory_does_not_list_is_unknown(
    identities: tuple[ExternalIdentity, ...] | None,
) -> None:
    accepted = Standing(
        account_enabled=False, external_user_state="Accepted", identities=identities
    )
    found = judged(accepted)
    assert found
    assert found.redemption
    assert found.redemption.identity_provider is IdentityProvider.UNKNOWN
    assert [each.code for each in found.warnings] == ["identityProviderUnknown"]


def test_domain_that_nobody_knows_is_not_compared() -> None:
    identity = ExternalIdentity("mail", "kim@partner.example")
    accepted = Standing(
        account_enabled=True, external_user_state="Accepted", identities=(identity,)
    )
    found = judged(accepted, None)
    assert found
    assert found.redemption
    assert found.redemption.domain_matches is None
