"""What the ledger keeps of how a follow-up ended, before anybody is told. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from converters.model.follow_up import Judgement
from converters.model.outcome import Status
from converters.model.redemption import IdentityProvider, Redemption
from converters.storage.reasons import read_reasons


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
        read_reasons(kept["reasons"]),
        read_reasons(kept["warnings"]),
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


def _redemption(kept: list[Any]) -> Redemption:
    redeemed, provider, matches = kept
    when = datetime.fromisoformat(redeemed) if redeemed else None
    return Redemption(when, IdentityProvider(provider), matches)
