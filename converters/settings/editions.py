"""Editions of "Invite internal users to B2B collaboration", and where they want the address."""

from __future__ import annotations

from enum import StrEnum


class RulesEdition(StrEnum):
    """Which edition of Microsoft's article decides what refuses."""

    OF_2020 = "2020"
    """As first published, which this service implements."""
    CURRENT = "current"
    """As it stands today."""


class AddressProperty(StrEnum):
    """Where a user's external address has to stand."""

    BY_ORIGIN = "byOrigin"
    """``otherMails`` for cloud-only users, ``mail`` for synced ones: the article of 2020."""
    MAIL = "mail"
    """``mail`` for everyone: today's article."""
