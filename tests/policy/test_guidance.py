"""Advice: what to know beside a conversion, and what remains to be done, for each kind of user."""

from __future__ import annotations

import pytest

from converters.model.facts import Identity
from converters.model.outcome import NextStep, Owner
from converters.model.request import MessageInfo
from converters.policy import guidance
from tests.samples import request, settings, user

TENANT_ID = "55555555-eeee-4eee-8eee-555555555555"
TEXT = MessageInfo(text="Welcome")
ALWAYS = ["oneWay", "internalPasswordStillWorks"]


def steps(
    *, synced: bool = False, silent: bool = False, tenant_id: str = ""
) -> dict[str, NextStep]:
    found = guidance.next_steps(
        request(send_invitation_message=not silent),
        user(on_premises_synced=synced),
        settings(TENANT_ID=tenant_id),
    )
    return {step.code: step for step in found}


def warned(info: MessageInfo, *, allowed: bool, silent: bool) -> list[str]:
    asked = request(message_info=info, send_invitation_message=not silent)
    found = guidance.warnings(asked, settings(ALLOW_CUSTOM_TEXT=str(allowed).lower()))
    return [warning.code for warning in found]


@pytest.mark.parametrize(
    ("synced", "password"), [(True, "randomisePasswordOnPremises"), (False, "randomisePassword")]
)
def test_password_is_changed_where_it_is_kept(synced: bool, password: str) -> None:  # noqa: FBT001
    assert list(steps(synced=synced)) == [
        "awaitRedemption",
        password,
        "reviewUserType",
        "openTeamsByTenant",
    ]


def test_password_of_a_synced_user_is_said_to_be_set_on_premises() -> None:
    step = steps(synced=True)["randomisePasswordOnPremises"]
    assert "On-premises" in step.message
    assert step.owner is Owner.IDENTITY_ADMIN


def test_silent_invitation_begins_with_sending_the_url() -> None:
    found = steps(silent=True)
    assert list(found)[:2] == ["sendRedeemUrl", "awaitRedemption"]
    assert "credential" in found["sendRedeemUrl"].message
    assert found["sendRedeemUrl"].owner is Owner.REQUESTER


def test_person_who_signs_in_by_phone_needs_another_account() -> None:
    by_phone = (Identity("userName", "contoso.example"), Identity("phoneNumber", "contoso.example"))
    found = guidance.next_steps(request(), user(identities=by_phone), settings())
    assert [step.code for step in found].count("replaceSmsSignIn") == 1
    assert "replaceSmsSignIn" not in steps()


def test_mailed_invitation_leaves_no_url_to_send() -> None:
    assert "sendRedeemUrl" not in steps(silent=False)


@pytest.mark.parametrize(
    ("tenant_id", "link"),
    [
        (TENANT_ID, f"https://teams.microsoft.com/?tenantId={TENANT_ID}."),
        (TENANT_ID.upper(), f"https://teams.microsoft.com/?tenantId={TENANT_ID}."),
        ("", "https://teams.microsoft.com/?tenantId=<tenant id>."),
    ],
)
def test_teams_link_carries_the_tenant_id_or_says_where_it_goes(tenant_id: str, link: str) -> None:
    assert steps(tenant_id=tenant_id)["openTeamsByTenant"].message.endswith(link)


@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("silent", [True, False])
@pytest.mark.parametrize(
    "info", [MessageInfo(), MessageInfo(language="en-US"), MessageInfo(text="")]
)
def test_request_without_a_text_is_warned_of_what_always_holds(
    info: MessageInfo,
    silent: bool,  # noqa: FBT001
    allowed: bool,  # noqa: FBT001
) -> None:
    assert warned(info, allowed=allowed, silent=silent) == ALWAYS


@pytest.mark.parametrize(
    ("allowed", "silent", "expected"),
    [
        (False, False, ["customTextLeftOut"]),
        (False, True, ["customTextLeftOut"]),
        (True, False, ["customTextDropped"]),
        (True, True, []),
    ],
)
def test_text_that_will_not_arrive_is_named(
    allowed: bool,  # noqa: FBT001
    silent: bool,  # noqa: FBT001
    expected: list[str],
) -> None:
    assert warned(TEXT, allowed=allowed, silent=silent) == [*ALWAYS, *expected]


def test_s8_warnings_do_not_repeat_the_text() -> None:
    asked = request(message_info=MessageInfo(text="canary"))
    for allowed in ("true", "false"):
        found = guidance.warnings(asked, settings(ALLOW_CUSTOM_TEXT=allowed))
        assert "canary" not in repr(found)
