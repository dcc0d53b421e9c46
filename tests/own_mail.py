"""How tests of own mail set it up, and count what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.graph.faults import Fault
from tests.directory import tenant

if TYPE_CHECKING:
    from converters.graph.mail_pace import MailPace
    from tests.service import Service
SENDER = "invitations@contoso.example"
KEYS = {
    "MAIL_SENDER": SENDER,
    "MAIL_ORGANISATION": "Contoso",
    "TENANT_ID": tenant()["tenantId"],
}
SEND: dict[str, Any] = {"method": "POST", "path": "/sendMail$", "times": 1}
LOST = Fault(**SEND, drop="after")


def of_tenant(**box: Any) -> dict[str, Any]:  # noqa: ANN401 - any attribute of a mailbox
    return tenant(mailboxes=[{"address": SENDER, **box}])


def pace_of(running: Service) -> MailPace:
    mailer = running.converter.inviter.mailer
    assert mailer
    return mailer.mailbox.pace


def posts(running: Service) -> int:
    return sum(record.path.endswith("/sendMail") for record in running.graph.requests)


async def later(running: Service, seconds: int) -> list[dict[str, Any]]:
    """Let the mail have been tried so long ago; deliver what waits."""
    (row,) = [row for row in await running.rows() if row["RowKey"] == "user"]
    row["Mail"] = repr(float(row["Mail"]) - seconds)
    await running.ledger.update_entity(row)
    await running.age_claim(seconds)
    return await running.events_of(await running.waiting())
