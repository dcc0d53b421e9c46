"""Who is converted in the storm: users and requests by their numbers."""

from __future__ import annotations

from typing import Any

from tests.directory import GROUP_ID
from tests.events import user_event

# One of so many requests is silent.
SILENT_EACH = 10
# And so many of that many are no requests, but events.
EVENT_OF = 3


def is_silent(number: int) -> bool:
    """Tell whether a request wants the redeem URL in its outcome."""
    return number % SILENT_EACH == 0


def is_event(number: int) -> bool:
    """Tell whether an event of the directory asks, and nobody by name."""
    return number % SILENT_EACH in range(1, 1 + EVENT_OF)


def user_id(number: int) -> str:
    """Return a user's object id."""
    return f"00000000-0000-4000-8000-{number:012d}"


def request_id(number: int) -> str:
    """Return a request's id."""
    return f"storm-{number}"


def user(number: int) -> dict[str, Any]:
    """Return a user of the emulator's tenant who can be converted."""
    return {
        "id": user_id(number),
        "userPrincipalName": f"user{number}@contoso.example",
        "otherMails": [f"user{number}@partner.example"],
    }


def request(number: int) -> dict[str, Any]:
    """Return the request to convert that user, or the event that asks for it."""
    if is_event(number):
        return user_event(request_id(number), user=user_id(number))
    return {
        "requestId": request_id(number),
        "invitedUser": {"id": user_id(number)},
        "invitedUserEmailAddress": f"user{number}@partner.example",
        "sendInvitationMessage": not is_silent(number),
    }


def everybody(count: int) -> dict[str, Any]:
    """Return the group of all of them: with events on, nobody else is converted."""
    members = [user_id(number) for number in range(count)]
    return {"id": GROUP_ID, "displayName": "Partners", "members": members}
