"""What the ledger keeps of how a follow-up ended, before anybody is told. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from converters.model.follow_up import Judgement
from converters.model.outcome import Owner, Reason, Status
from converters.model.redemption import IdentityProvider, Redemption

if TYPE_CHECKING:
    from collections.abc import Sequence


def written_judgement(judgement: Judgement) -> str:
    """Write a judgement down as JSON."""
    redemption = judgement.redemption
    kept = {
        "status": judgement.status,
        "reasons": [asdict(reason) for reason in judgement.reasons],
        "warnings": [asdict(warning) for warning in judgement.warnings],
        "redemption": redemption
        and [
            redemption.redeemed.isoformat() if redemption.redeemed else None,
            redemption.identity_provider,
            redemption.domain_matches,
        ],
    }
    return json.dumps(kept, separators=(",", ":"))


def read_judgement(record: str) -> Judgement:
    """Read what ``written_judgement`` wrote."""
    kept = json.loads(record)
    return Judgement(
        Status(kept["status"]),
        _reasons(kept["reasons"]),
        _reasons(kept["warnings"]),
        _redemption(kept["redemption"]) if kept["redemption"] else None,
    )


def told(record: str) -> dict[str, Any]:
    """Return what ``written_judgement`` wrote, with the names of the wire."""
    kept = json.loads(record)
    redeemed, provider, matches = kept["redemption"] or (None, None, None)
    redemption = {
        "redeemedDateTime": redeemed,
        "identityProvider": provider,
        "domainMatches": matches,
    }
    return {
        "status": kept["status"],
        "reasons": kept["reasons"],
        "warnings": kept["warnings"],
        **({"redemption": redemption} if kept["redemption"] else {}),
    }


def _reasons(kept: Sequence[dict[str, Any]]) -> tuple[Reason, ...]:
    return tuple(Reason(**{**each, "owner": Owner(each["owner"])}) for each in kept)


def _redemption(kept: list[Any]) -> Redemption:
    redeemed, provider, matches = kept
    when = datetime.fromisoformat(redeemed) if redeemed else None
    return Redemption(when, IdentityProvider(provider), matches)
