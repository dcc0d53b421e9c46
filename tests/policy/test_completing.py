"""Every write of a completion has a permit behind it, and nothing goes round."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import pytest

from converters.graph.writing import PASSWORD_LENGTH, random_password
from converters.model.completion import PERMISSIONS, Completion, Step
from converters.model.facts import CompletionFacts, Person
from converters.model.outcome import Owner, Reason, StepResult, StepState
from converters.model.redemption import ExternalIdentity, Standing
from converters.policy import step_reasons
from converters.policy.completing import CompletionCase, Permit, permit
from converters.policy.rules import privilege
from tests.policy.eligibility_rows import ROWS
from tests.policy.test_approval import TREES, calling
from tests.samples import OTHER_ID, PRIVILEGES, UNREAD, USER_ID, request, settings, user

REDEEMED = Standing(
    account_enabled=True,
    external_user_state="Accepted",
    identities=(ExternalIdentity("mail", "kim@partner.example"),),
)
BOSS = Person(OTHER_ID, account_enabled=True, user_type="Member", external_user_state=None)
EVERYTHING = Completion(tuple(Step), OTHER_ID, OTHER_ID)
FACTS = CompletionFacts(REDEEMED, user(), PRIVILEGES, (), None, BOSS, BOSS)
EACH = pytest.mark.parametrize("step", list(Step))


def case(of_settings: dict[str, str] | None = None, **changes: Any) -> CompletionCase:  # noqa: ANN401
    """Return a case in which every step is permitted, but for what the test changes."""
    keys = {"COMPLETION_STEPS": ",".join(Step), **(of_settings or {})}
    facts = replace(FACTS, **changes)
    return CompletionCase(request(), EVERYTHING, "partner.example", facts, settings(**keys))


def codes(answer: Permit | StepResult) -> list[str]:
    """Return why a step is refused."""
    assert isinstance(answer, StepResult)
    assert answer.state is StepState.REFUSED
    return [reason.code for reason in answer.reasons]


@EACH
def test_step_is_permitted_where_nothing_is_against(step: Step) -> None:
    permitted = permit(step, case())
    assert isinstance(permitted, Permit)
    person = OTHER_ID if step in {Step.SPONSOR, Step.MANAGER} else None
    assert (permitted.step, permitted.user_id, permitted.person_id) == (step, USER_ID, person)


@EACH
def test_user_who_is_gone_is_said_to_be(step: Step) -> None:
    assert codes(permit(step, case(user=None))) == ["userDeleted"]


@EACH
def test_disabled_account_stops_every_step(step: Step) -> None:
    assert codes(permit(step, case(user=user(account_enabled=False)))) == ["accountDisabled"]


@EACH
@pytest.mark.parametrize("code", [rule.code for rule in privilege.RULES if rule.code in ROWS])
def test_every_rule_about_power_stops_every_step(step: Step, code: str) -> None:
    for refused, _ in ROWS[code]:
        if refused.request.from_event:
            # Of who asks, which is nobody's event here.
            continue
        changes: dict[str, Any] = {
            "user": refused.facts.user,
            "privileges": refused.facts.privileges,
        }
        made = case(**changes)
        allowed = replace(
            refused.settings.follow_up, completion_steps=made.settings.follow_up.completion_steps
        )
        made = replace(made, settings=replace(refused.settings, follow_up=allowed))
        assert code in codes(permit(step, made))


@EACH
@pytest.mark.parametrize("fact", ["user", "standing", *type(PRIVILEGES).__dataclass_fields__])
def test_unknown_means_no_and_waits(step: Step, fact: str) -> None:
    protected = {"PROTECTED_IDS": OTHER_ID}
    unread: dict[str, Any] = {fact: UNREAD}
    if fact in type(PRIVILEGES).__dataclass_fields__:
        unread = {"privileges": replace(PRIVILEGES, **unread)}
    made = case(protected, **unread)
    answer = permit(step, made)
    assert codes(answer) == ["factUnknown"]
    assert isinstance(answer, StepResult)
    assert answer.may_change


@EACH
@pytest.mark.parametrize(
    ("standing", "code", "waits"),
    [
        (None, "userDeleted", False),
        (replace(REDEEMED, external_user_state="PendingAcceptance"), "redemptionNotSeen", True),
        (replace(REDEEMED, external_user_state=None), "convertedOtherwise", False),
        (
            replace(REDEEMED, external_user_state=None, identities=()),
            "noLongerPending",
            False,
        ),
        (
            replace(REDEEMED, identities=(ExternalIdentity("mail", "x@else.example"),)),
            "redeemedByOtherDomain",
            False,
        ),
        (replace(REDEEMED, identities=None), "identityProviderUnknown", False),
    ],
)
def test_redemption_that_is_not_certain_stops_every_step(
    step: Step,
    standing: Standing | None,
    code: str,
    waits: bool,  # noqa: FBT001 - what is expected
) -> None:
    answer = permit(step, case(standing=standing))
    assert codes(answer) == [code]
    assert isinstance(answer, StepResult)
    assert answer.may_change is waits
    # Whoever mends the redemption must know that the steps do not follow by themselves.
    by_hand = answer.reasons[0].remediation.endswith(" Then do by hand what was asked for.")
    assert by_hand is (code == "redeemedByOtherDomain")


def test_identity_that_names_no_domain_is_not_in_doubt() -> None:
    # As Graph shows people of another Entra organisation.
    entra = replace(REDEEMED, identities=(ExternalIdentity("ExternalAzureAD"),))
    assert isinstance(permit(Step.USER_TYPE, case(standing=entra)), Permit)


@pytest.mark.parametrize(
    ("step", "fact"),
    [
        (Step.SPONSOR, "sponsor"),
        (Step.SPONSOR, "sponsors"),
        (Step.MANAGER, "manager"),
        (Step.MANAGER, "current_manager"),
    ],
)
def test_person_who_could_not_be_read_is_not_written(step: Step, fact: str) -> None:
    unread: dict[str, Any] = {fact: UNREAD}
    assert codes(permit(step, case(**unread))) == ["factUnknown"]


def test_step_that_waits_and_is_forbidden_for_good_does_not_wait() -> None:
    made = case({"PROTECTED_IDS": USER_ID}, standing=UNREAD)
    answer = permit(Step.USER_TYPE, made)
    assert isinstance(answer, StepResult)
    assert set(codes(answer)) == {"factUnknown", "protectedByOperator"}
    assert not answer.may_change


def test_permit_cannot_be_made_by_hand() -> None:
    with pytest.raises(TypeError, match="permit"):
        Permit(Step.USER_TYPE, USER_ID, None, object())


def test_permits_are_made_in_one_place_and_every_write_takes_one() -> None:
    assert set(calling("Permit")) == {"converters/policy/completing.py"}
    assert calling("permit") == ["converters/steps/completing.py"]
    assert calling("carry_out") == ["converters/steps/completing.py"]
    writing = "converters/graph/writing.py"
    assert [path for path in calling("put") if path.startswith("converters")] == [writing]
    # Beside those of a completion, the one that extends the subscription to events.
    assert sorted(calling("patch")) == ["converters/graph/client.py", writing, writing]


def test_transport_is_used_by_the_clients_alone() -> None:
    making = sorted(calling("Transport"))
    assert making == [
        "cli/assess/reader.py", "converters/graph/client.py", "converters/graph/mailbox.py",
        "converters/graph/writing.py",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["revokeSignInSessions", "passwordProfile", "sponsors/$ref", "manager/$ref"]
)
def test_what_is_written_is_named_where_it_is_written_alone(name: str) -> None:
    naming = {
        path
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and name in str(node.value)
        and " " not in str(node.value).strip()
    }
    assert naming == {"converters/graph/writing.py"}


def test_password_is_random_long_and_of_every_kind() -> None:
    passwords = {random_password() for _ in range(200)}
    assert len(passwords) == 200
    assert PASSWORD_LENGTH >= 64
    for password in passwords:
        assert len(password) == PASSWORD_LENGTH
        assert any(c.islower() for c in password)
        assert any(c.isupper() for c in password)
        assert any(c.isdigit() for c in password)
        assert any(not c.isalnum() for c in password)
        assert password.isascii()
        assert not any(c.isspace() for c in password)


@pytest.mark.parametrize("missing", "xX7+")
def test_password_without_a_kind_of_character_is_drawn_anew(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    fit = "xX7+" * (PASSWORD_LENGTH // 4)
    unfit = fit.replace(missing, "Z" if missing != "X" else "z")
    drawn = iter(unfit + fit)
    monkeypatch.setattr("secrets.choice", lambda _: next(drawn))
    assert random_password() == fit


def test_reasons_of_steps_say_what_they_are_filled_with() -> None:
    refused = step_reasons.refused_by_graph(400, "aCode", "G-1")
    assert "(HTTP 400 aCode)" in refused.message
    assert "request-id G-1 " in refused.remediation
    for step in Step:
        missing = step_reasons.permission_missing(step, 403, "aCode")
        assert PERMISSIONS[step] in missing.message
        assert PERMISSIONS[step] in missing.remediation
        filled = (
            refused,
            missing,
            step_reasons.person_not_usable("so"),
            step_reasons.unavailable(24),
        )
        assert not any("{" in text for each in filled for text in (each.message, each.remediation))


def test_what_is_given_up_is_not_said_to_come_by_itself() -> None:
    passing = step_reasons.unavailable(26)
    assert passing.retriable
    given_up = step_reasons.given_up(passing)
    assert given_up == replace(
        passing,
        remediation=f"{passing.remediation} The step is not tried again: then do it by hand.",
        retriable=False,
    )
    # What never was going to pass is left as it is.
    assert step_reasons.given_up(given_up) is given_up


def test_fact_that_stayed_unknown_is_left_to_whoever_grants_the_read() -> None:
    unknown = Reason("factUnknown", "m", "Nothing to do.", Owner.OPERATOR, retriable=True)
    remediation = step_reasons.given_up(unknown).remediation
    assert remediation.startswith("Make sure that the application may read that")
    assert "Nothing to do." not in remediation


def test_what_the_sync_owns_is_told_by_step() -> None:
    assert {step: reason.code for step, reason in step_reasons.SYNCED.items()} == {
        Step.RANDOMISE_PASSWORD: "syncedPassword",
        Step.USER_TYPE: "syncedUserType",
        Step.MANAGER: "syncedManager",
    }
