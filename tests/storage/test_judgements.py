"""What the ledger keeps of an end is what was judged, and is told by the wire's names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from converters.model.follow_up import Judgement
from converters.model.outcome import Owner, Reason, Status
from converters.model.redemption import IdentityProvider, Redemption
from converters.storage.judgements import read_judgement, told, written_judgement

WHEN = datetime(2026, 11, 27, 12, tzinfo=UTC)
REASON = Reason("notRedeemed", "It was not.", "Resend it.", Owner.REQUESTER, retriable=True)


@pytest.mark.parametrize(
    ("judgement", "redemption"),
    [
        (Judgement(Status.STALE, (REASON,)), None),
        (
            Judgement(
                Status.REDEEMED,
                warnings=(REASON,),
                redemption=Redemption(WHEN, IdentityProvider.ENTRA, domain_matches=False),
            ),
            (WHEN.isoformat(), "entra", False),
        ),
        (
            Judgement(
                Status.REDEEMED, redemption=Redemption(None, IdentityProvider.ONE_TIME_PASSCODE)
            ),
            (None, "oneTimePasscode", None),
        ),
    ],
)
def test_end_is_read_as_it_was_written(
    judgement: Judgement, redemption: tuple[object, ...] | None
) -> None:
    record = written_judgement(judgement)
    assert read_judgement(record) == judgement
    said = told(record)
    assert said["status"] == judgement.status
    codes = [[reason["code"] for reason in said[kind]] for kind in ("reasons", "warnings")]
    assert codes == [
        [each.code for each in judgement.reasons],
        [e.code for e in judgement.warnings],
    ]
    names = ("redeemedDateTime", "identityProvider", "domainMatches")
    expected = dict(zip(names, redemption, strict=True)) if redemption else None
    assert said.get("redemption") == expected
