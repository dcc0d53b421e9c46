"""The demo's sample shows every status and every rule there is."""

from __future__ import annotations

import json

from cli.bulk.sheet import sheet
from converters.model.outcome import Status
from converters.policy.eligibility import FACT_UNKNOWN, RULES
from local.__main__ import TOUR
from local.demo import SAMPLE
from local.graph import Tenant
from local.world import ROOT, SAMPLE_TENANT

KNOWN = {rule.code for rule in RULES} | {FACT_UNKNOWN}
EXPECTED = [entry["expect"] for entry in json.loads(SAMPLE.read_text())["requests"]]


# With a convertible group, as the sample's settings name one, the first has nothing to find; the
# second only warns under the edition of 2020; the follow-up is on; the last is the sponsor's twin,
# and the step that is not allowed.
NOT_SHOWN = {
    "eventNeedsConvertibleGroup", "mailEmpty", "completionNeedsFollowUp", "managerNotUsable",
}  # fmt: skip


# What becomes of the invitations, of which the demo's last act shows three.
AFTERWARDS = {
    Status.REDEEMED, Status.REMINDED, Status.STALE, Status.CANCELLED, Status.COMPLETED,
}  # fmt: skip


def test_every_rule_is_shown() -> None:
    shown = {code for expected in EXPECTED for code in expected["reasons"]}
    assert shown & KNOWN == KNOWN - NOT_SHOWN


def test_every_status_is_shown() -> None:
    statuses = {expected["status"] for expected in EXPECTED}
    assert statuses == set(Status) - AFTERWARDS


def test_tour_of_readme_is_the_one_that_start_prints() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [line for line in TOUR if f"\nb2b {line} --local " not in readme] == []


def test_file_of_the_tour_is_read_and_names_people_of_the_sample() -> None:
    made = sheet((ROOT / "local/sample/partners.csv").read_bytes(), [])
    names = {user["userPrincipalName"] for user in Tenant.load(SAMPLE_TENANT).users.values()}
    assert made.problems == []
    assert len(made.items) == 3
    assert {made.request(item).user_principal_name for item in made.items} < names


def test_tenant_is_one_the_emulator_takes() -> None:
    assert len(Tenant.load(SAMPLE_TENANT).users) > 40
