"""When users last signed in, read apart from all else: slowly, and only where it is asked for.

Sources: "List users" (a page has 500 users at most where signInActivity is selected; until 2025 it
was 120), "signInActivity resource type" (a successful sign-in is told since December 2023, attempts
since 2020; with it ``AuditLog.Read.All`` and Microsoft Entra ID P1), "Microsoft Graph
service-specific throttling limits" (reports: five requests in ten seconds for an application).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from converters.graph.read import Read
from converters.model.facts import Unread

if TYPE_CHECKING:
    from cli.assess.reader import Reader
    from cli.assess.rows import Row
    from converters.graph.responses import Response

# After so many days without a sign-in a user counts as inactive.
INACTIVE_DAYS = 90
SLOW = (
    "Sign-ins are slow to read: Graph gives 500 users in a call and takes five calls in ten"
    " seconds; 50,000 users take some four minutes."
)
_PAGES, _EVERY_SECONDS = (500, 120), 2.0
_BAD_REQUEST = 400
_NO_LICENCE = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
_ATTEMPTS = ("lastSignInDateTime", "lastNonInteractiveSignInDateTime")
# When each user last signed in, by id in lower case; who never did is not there, and ``None``
# stands where the answer makes no sense.
SignIns = dict[str, datetime | None]


async def read_sign_ins(reader: Reader) -> SignIns | Unread:
    """Read when every user last signed in.

    Raises:
        GraphUnavailable: Graph does not answer; what was read so far is kept.
    """
    for top in _PAGES:
        read = _read(top)
        failed = await reader.stored(read, every=_EVERY_SECONDS)
        if failed is None or failed.status != _BAD_REQUEST:
            break
    if failed is not None:
        return reader.noted(read, _unread(read, failed))
    found: SignIns = {}
    for page in reader.store.pages(read.name):
        for item in page:
            times = _times(item.get("signInActivity"))
            if times != []:
                found[str(item.get("id")).lower()] = max(times) if times else None
    return found


def fields(user_id: str | None, sign_ins: SignIns | Unread | None, now: datetime) -> Row:
    """Return what a row says of a user's last sign-in; nothing of what is not known."""
    none: Row = {"signIn": None, "lastSignIn": None, "signInDays": None}
    if user_id is None or sign_ins is None or isinstance(sign_ins, Unread):
        return none
    if user_id.lower() not in sign_ins:
        return {**none, "signIn": "never"}
    last = sign_ins[user_id.lower()]
    if last is None:
        return none
    days = max((now - last).days, 0)
    state = "inactive" if days > INACTIVE_DAYS else "active"
    return {"signIn": state, "lastSignIn": last.isoformat(), "signInDays": days}


def _read(top: int) -> Read[int]:
    return Read(
        name="signIns",
        what="when the users last signed in",
        path=f"/users?$top={top}&$select=id,signInActivity",
        permission="AuditLog.Read.All",
        parse=lambda body: len(body.items("value")),
    )


def _unread(read: Read[Any], failed: Response) -> Unread:
    code, _ = failed.error()
    needed = "a licence for Microsoft Entra ID P1" if code == _NO_LICENCE else read.permission
    return Unread(read.what, needed, failed.status)


def _times(activity: object) -> list[datetime] | None:
    """Return the times that count: of success, else of attempts; ``None`` where it is nonsense."""
    if activity is None:
        return []
    if not isinstance(activity, dict):
        return None
    success = activity.get("lastSuccessfulSignInDateTime")
    texts = [success] if success else [activity.get(name) for name in _ATTEMPTS]
    try:
        times = [datetime.fromisoformat(text) for text in texts if text]
    except (TypeError, ValueError):
        return None
    return times if all(time.tzinfo for time in times) else None
