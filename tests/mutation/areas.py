"""What decides, by area; and by name what does not. Together they are the whole package."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

AREAS = {
    "rules": ("policy/**/*.py",),
    "reads": (
        "graph/read.py",
        "graph/responses.py",
        "graph/user_reads.py",
        "graph/tenant_reads.py",
        "graph/gathering.py",
        "graph/cache.py",
        "graph/looking.py",
        "graph/standing_reads.py",
        "graph/completion_reads.py",
        "graph/power_reads.py",
        "graph/mail_reads.py",
    ),
    "claims": (
        "steps/inviting.py",
        "steps/settling.py",
        "storage/claims.py",
        "storage/ledger.py",
        "storage/looks.py",
        "storage/table.py",
    ),
    "queues": (
        "storage/courier.py",
        "storage/queues.py",
        "storage/quota.py",
        "storage/results.py",
        "settings/routes.py",
        "steps/reporting.py",
        "steps/sweeping.py",
    ),
    "subscription": (
        "graph/delta.py",
        "graph/subscriptions.py",
        "steps/catching_up.py",
        "steps/subscribing.py",
        "storage/standings.py",
    ),
    "after": (
        "steps/caretaking.py",
        "steps/completing.py",
        "steps/following_up.py",
        "storage/completions.py",
        "graph/writing.py",
        "steps/reminding.py",
        "steps/resending.py",
        "storage/expiry.py",
        "storage/follow_ups.py",
        "storage/history.py",
        "storage/judgements.py",
        "settings/follow_up.py",
        "wire/checks.py",
    ),
    "mail": (
        "mail/headers.py",
        "mail/languages.py",
        "mail/plain.py",
        "mail/writer.py",
        "model/mail.py",
        "graph/mail_body.py",
        "graph/mail_pace.py",
        "graph/mailbox.py",
        "settings/mail.py",
        "steps/concluding_mail.py",
        "steps/mailing.py",
    ),
    "waiting": ("steps/retrying.py", "storage/clock.py", "wire/waits.py"),
    "pacing": ("graph/rate_limit.py", "graph/client.py"),
    "wire": (
        "wire/almost_json.py",
        "wire/completion_body.py",
        "wire/completions.py",
        "wire/decoding.py",
        "wire/encodings.py",
        "wire/envelopes.py",
        "wire/events.py",
        "wire/faults.py",
        "wire/graph_names.py",
        "wire/odata.py",
        "wire/outcomes.py",
        "wire/properties.py",
        "wire/requests.py",
        "wire/telling.py",
        "wire/ticket.py",
    ),
    "deciding": (
        "conversion.py",
        "composition.py",
        "steps/concluding.py",
        "steps/concluding_unjudged.py",
        "steps/running.py",
        "steps/screening.py",
        "storage/reasons.py",
        "storage/records.py",
        "graph/invitation_body.py",
        "settings/editions.py",
        "settings/events.py",
        "settings/keys.py",
        "settings/reader.py",
        "settings/settings.py",
        "settings/storage_account.py",
        "model/addresses.py",
    ),
}
DECIDES_NOTHING = (
    # Names and shapes.
    "**/__init__.py",
    "mail/letter.py",
    "model/completion.py",
    "model/errors.py",
    "model/event.py",
    "model/facts.py",
    "model/follow_up.py",
    "model/redemption.py",
    "model/outcome.py",
    "model/request.py",
    "model/trace.py",
    # What is told to the operator.
    "settings/telling.py",
    "steps/logging.py",
    "steps/endings.py",
    "storage/making.py",
    # Wiring of other people's libraries.
    "graph/transport.py",
    "settings/identity.py",
    "steps/aftercare.py",
)
# Nothing may be left alive here.
STRICT = frozenset({"rules", "reads", "claims", "queues"})


def by_area(package: Path) -> dict[str, list[Path]]:
    """Return the modules of each area.

    Raises:
        ValueError: a module stands in no area or in two, or a pattern matches none.
    """
    nothing = set(_matching(package, DECIDES_NOTHING))
    found = {
        area: [path for path in _matching(package, globs) if path.name != "__init__.py"]
        for area, globs in AREAS.items()
    }
    placed = [path for paths in found.values() for path in paths] + sorted(nothing)
    twice = {path for path in placed if placed.count(path) > 1}
    nowhere = set(package.rglob("*.py")) - set(placed)
    if twice or nowhere:
        names = sorted(path.relative_to(package).as_posix() for path in twice | nowhere)
        raise ValueError(f"not in exactly one area: {', '.join(names)}")
    return found


def _matching(package: Path, globs: tuple[str, ...]) -> list[Path]:
    found: set[Path] = set()
    for pattern in globs:
        paths = set(package.glob(pattern))
        if not paths:
            raise ValueError(f"matches no module: {pattern}")
        found |= paths
    return sorted(found)
