"""Every POST has a verdict behind it: what stands between the two, and that nothing goes round."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.outcome import Invitation
from converters.policy.approval import Approval, MailApproval, approve, approve_mail
from converters.policy.eligibility import decide
from local.graph import Fault
from tests import directory, samples
from tests.directory import ADDRESS, GROUP_ID, OTHER_ID, USER_ID, kim, request, tenant
from tests.service import service
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.service import Service

ROOT = Path(__file__).parents[2]
POST = "/invitations$"
MAIL = {
    "MAIL_SENDER": "invitations@contoso.example",
    "MAIL_ORGANISATION": "Contoso",
    "TENANT_ID": samples.OTHER_ID,
}
INVITATION = Invitation("I-1", "PendingAcceptance", samples.USER_ID, "https://x", "https://y", None)
TREES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text())
    for folder in ("converters", "cli")
    for path in (ROOT / folder).rglob("*.py")
}


def calling(name: str) -> list[str]:
    """Return the modules that call a function, method or class of that name."""
    return [
        path
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and name in {getattr(node.func, "id", ""), getattr(node.func, "attr", "")}
    ]


def test_one_place_posts_invitations_and_takes_approvals_alone() -> None:
    naming = [
        path
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and "/invitations" in str(node.value)
        and " " not in str(node.value)
    ]  # fmt: skip
    assert naming == ["converters/graph/client.py"]
    assert calling("invitation_body") == ["converters/graph/client.py"]
    # Of the transport: the batch of reads, the subscription to events, and the invitation; the
    # batch of an assessment's reads; and two steps of a completion (test_completing.py). The
    # courier posts to queues.
    assert sorted(calling("post")) == [
        "cli/assess/reader.py",
        *["converters/graph/client.py"] * 3,
        *["converters/graph/writing.py"] * 2,
        "converters/storage/courier.py",
    ]


def test_one_place_mails_and_takes_approvals_alone() -> None:
    naming = [
        path
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and "/sendMail" in str(node.value)
        and " " not in str(node.value)
    ]  # fmt: skip
    assert naming == ["converters/graph/mailbox.py"]
    assert calling("mail_body") == calling("post_text") == ["converters/graph/mailbox.py"]
    assert calling("MailApproval") == ["converters/policy/approval.py"]
    # Of an invitation that was just made: a conversion's, and a reminder's.
    steps = ["converters/steps/mailing.py", "converters/steps/reminding.py"]
    assert sorted(calling("approve_mail")) == steps


def test_mail_approval_cannot_be_made_by_hand() -> None:
    with pytest.raises(TypeError, match="approve_mail"):
        MailApproval(samples.case(), INVITATION, "a@contoso.example", object())


@pytest.mark.parametrize(
    ("keys", "changes", "user_id", "approved"),
    [
        (MAIL, {}, samples.USER_ID, True),
        (MAIL, {}, samples.USER_ID.upper(), True),
        (MAIL, {}, samples.OTHER_ID, False),
        (MAIL, {"send_invitation_message": False}, samples.USER_ID, False),
        ({}, {}, samples.USER_ID, False),
    ],
)
def test_mail_is_approved_for_the_invited_user_alone(
    keys: dict[str, str],
    changes: dict[str, Any],
    user_id: str,
    approved: bool,  # noqa: FBT001
) -> None:
    asked = samples.request(**changes)
    verdict = decide(samples.case(of_request=asked, of_settings=samples.settings(**keys)))
    approval = approve(verdict)
    assert approval is not None
    mail = approve_mail(approval, replace(INVITATION, invited_user_id=user_id))
    assert (mail is not None) is approved


def test_approvals_and_verdicts_are_made_in_one_place_each() -> None:
    assert set(calling("Approval")) == {"converters/policy/approval.py"}
    assert calling("Verdict") == ["converters/policy/eligibility.py"]
    replaced = [
        path
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "replace"
        and getattr(node.args[0], "id", "") in {"verdict", "approval"}
    ]  # fmt: skip
    assert replaced == []


def test_approval_cannot_be_made_by_hand() -> None:
    with pytest.raises(TypeError, match="approve"):
        Approval(decide(samples.case()), object())


def pending(**changes: Any) -> Any:  # noqa: ANN401 - a Verdict
    user = samples.user(external_user_state="PendingAcceptance", **changes)
    return decide(samples.case(of_user=user))


def test_verdict_without_reasons_is_approved_and_one_with_a_reason_is_not() -> None:
    verdict = decide(samples.case())
    approval = approve(verdict)
    assert approval
    assert approval.verdict is verdict
    assert approve(decide(samples.case(of_user=samples.user(account_enabled=False)))) is None


def test_pending_invitation_is_approved_anew_for_the_address_it_went_to_alone() -> None:
    digest = pending().case.address_digest
    assert approve(pending(), digest)
    assert approve(pending()) is None
    assert approve(pending(), "") is None
    other = samples.request(email_address="kim@second.example")
    moved = samples.user(
        external_user_state="PendingAcceptance",
        mail="kim@second.example",
        other_mails=("kim@second.example",),
    )
    of_settings = samples.settings(ALLOWED_EMAIL_DOMAINS="*")
    again = decide(samples.case(of_request=other, of_user=moved, of_settings=of_settings))
    assert codes([{"code": reason.code} for reason in again.reasons]) == ["invitationPending"]
    assert approve(again, digest) is None


def test_digest_of_an_address_is_the_users_and_the_same_in_any_spelling() -> None:
    plain = samples.case().address_digest
    shouted = samples.user(other_mails=(ADDRESS.upper(),))
    assert samples.case(of_user=shouted).address_digest == plain
    assert samples.case(of_user=samples.user(id=OTHER_ID)).address_digest != plain


def test_pending_invitation_beside_another_reason_is_not_approved_anew() -> None:
    verdict = pending(account_enabled=False)
    assert approve(verdict, verdict.case.address_digest) is None


async def lost(running: Service) -> bytes:
    """Lose the redeem URL of a silent invitation; return the message that asks for it anew."""
    running.graph.faults.add(Fault(path=POST, drop="after", times=1))
    await running.handle(request(sendInvitationMessage=False))
    await running.age_claim(running.converter.settings.invocation_seconds)
    return await running.waiting()


def made_administrator(running: Service) -> None:
    graph = running.graph.tenant
    graph.roles[OTHER_ID] = {"id": OTHER_ID, "displayName": "Admin", "members": [USER_ID]}


def moved(running: Service) -> None:
    running.graph.tenant.change_user(USER_ID, otherMails=["kim2@partner.example"])


def disabled(running: Service) -> None:
    running.graph.tenant.change_user(USER_ID, accountEnabled=False)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("change", "message", "code"),
    [
        (made_administrator, {}, "holdsDirectoryRole"),
        (disabled, {}, "accountDisabled"),
        (moved, {"invitedUserEmailAddress": None}, None),
        (moved, {}, "addressNotOnUser"),
    ],
)
async def test_s2_lost_silent_invitation_is_not_made_anew_past_the_rules(
    azurite: str,
    queue_names: Iterator[str],
    change: Callable[[Service], None],
    message: dict[str, Any],
    code: str | None,
) -> None:
    silent = request(sendInvitationMessage=False, **message)
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path=POST, drop="after", times=1))
        await running.handle(silent)
        await running.age_claim(running.converter.settings.invocation_seconds)
        change(running)
        outcome = await running.outcome(await running.waiting())
        assert len(running.invited()) == 1
    assert outcome["status"] == "alreadyInvited"
    assert codes(outcome["reasons"]) == ["invitationPending", *([code] if code else [])]
    assert codes(outcome["warnings"])[-1] == "redeemUrlLost"
    assert "invitation" not in outcome


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"PROTECTED_IDS": USER_ID}, "protectedByOperator"),
        ({"CONVERTIBLE_GROUP_ID": GROUP_ID}, "notInConvertibleGroup"),
        ({"ALLOWED_EMAIL_DOMAINS": "other.example"}, "domainNotAllowed"),
    ],
)
async def test_s10_s11_settings_of_now_count_for_an_invitation_made_anew(
    azurite: str, queue_names: Iterator[str], keys: dict[str, str], code: str
) -> None:
    async with service(azurite, queue_names) as running:
        message = await lost(running)
        stricter = running.with_settings(**keys)
        outcome = await stricter.outcome(message)
        assert len(running.invited()) == 1
    assert codes(outcome["reasons"]) == ["invitationPending", code]


@pytest.mark.usefixtures("at_once")
async def test_s10_pause_and_daily_limit_hold_for_an_invitation_made_anew(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        message = await lost(running)
        paused = running.with_settings(CONVERSIONS_PAUSED="true")
        assert codes((await paused.outcome(message))["reasons"]) == ["conversionsPaused"]
        message = await running.waiting()
        limited = running.with_settings(DAILY_LIMIT="1")
        assert await limited.converter.inviter.quota.reserve(1)
        assert codes((await limited.outcome(message))["reasons"]) == ["dailyLimitReached"]
        assert len(running.invited()) == 1
        await running.age_claim(running.converter.settings.invocation_seconds)
        outcome = await running.outcome(await running.waiting())
        assert (outcome["status"], len(running.invited())) == ("invited", 2)


@pytest.mark.usefixtures("at_once")
async def test_unread_fact_makes_an_invitation_made_anew_wait(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        message = await lost(running)
        refused = Fault(method="BATCH GET", path="directoryRole", status=403, times=1)
        running.graph.faults.add(refused)
        assert codes((await running.outcome(message))["reasons"]) == ["factUnknown"]
        outcome = await running.outcome(await running.waiting())
        assert (outcome["status"], len(running.invited())) == ("invited", 2)


@pytest.mark.usefixtures("at_once")
async def test_claim_of_the_last_release_names_no_address_so_nothing_is_made_anew(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        message = await lost(running)
        (claim,) = [row for row in await running.rows() if row["RowKey"] == "user"]
        del claim["Address"]
        await running.ledger.delete_entity(claim)
        await running.ledger.create_entity(claim)
        outcome = await running.outcome(message)
        assert len(running.invited()) == 1
    assert (outcome["status"], codes(outcome["warnings"])[-1]) == (
        "alreadyInvited",
        "redeemUrlLost",
    )


@pytest.mark.parametrize("asked", ["kim.q@partner.example", "KIM.Q@PARTNER.EXAMPLE.", None])
async def test_s1_directorys_spelling_of_the_address_is_what_is_invited(
    azurite: str, queue_names: Iterator[str], asked: str | None
) -> None:
    of_tenant = directory.tenant(kim(otherMails=["Kim.Q@Partner.Example"]))
    message = request(invitedUserEmailAddress=asked)
    async with service(azurite, queue_names, of_tenant) as running:
        assert (await running.outcome(message))["status"] == "invited"
        (body,) = running.invited()
    assert body["invitedUserEmailAddress"] == "Kim.Q@partner.example"


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("Boss@Contoso.Example.", "Boss@contoso.example"),
        ("boss@b\u00fccher.example", "boss@xn--bcher-kva.example"),
    ],
)
async def test_s4_copy_goes_to_the_address_that_was_checked(
    azurite: str, queue_names: Iterator[str], asked: str, sent: str
) -> None:
    info = {"ccRecipients": [{"emailAddress": {"name": "Boss", "address": asked}}]}
    keys = {"ALLOWED_EMAIL_DOMAINS": "partner.example,b\u00fccher.example"}
    async with service(azurite, queue_names, tenant(), **keys) as running:
        outcome = await running.outcome(request(invitedUserMessageInfo=info))
        assert outcome["status"] == "invited"
        (body,) = running.invited()
    (recipient,) = body["invitedUserMessageInfo"]["ccRecipients"]
    assert recipient == {"emailAddress": {"name": "Boss", "address": sent}}
