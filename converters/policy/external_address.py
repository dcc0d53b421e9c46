"""Which external address a conversion would use. Pure.

S1: never one that the directory's user does not already hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.model.addresses import AddressMalformed, EmailAddress
from converters.model.facts import AddressChoice, Unread
from converters.settings.editions import AddressProperty

if TYPE_CHECKING:
    from converters.model.facts import User
    from converters.model.request import ConversionRequest
    from converters.settings.settings import Settings


def choose_address(
    request: ConversionRequest,
    user: User | None,
    verified_domains: frozenset[str] | Unread,
    settings: Settings,
) -> AddressChoice:
    """Say which external address a conversion would use, and what stands in its way."""
    asked, malformed = parsed(request.email_address)
    if user is None or malformed:
        return AddressChoice(address=asked, malformed=malformed)
    held = [parsed(text) for text in addresses_of(user, settings)]
    usable = {address.key: address for address, _ in held if address}
    if asked:
        if asked.key in usable:
            return AddressChoice(address=usable[asked.key])
        return AddressChoice(address=asked, foreign=bool(usable), missing=not usable)
    own = frozenset[str]() if isinstance(verified_domains, Unread) else verified_domains
    external = [address for address in usable.values() if address.domain not in own]
    if len(external) == 1:
        return AddressChoice(address=external[0])
    problem = next((problem for _, problem in held if problem), None) if not external else None
    return AddressChoice(
        malformed=problem, missing=not external and not problem, ambiguous=bool(external)
    )


def addresses_of(user: User, settings: Settings) -> tuple[str, ...]:
    """Return the addresses that stand where the operator demands the external one to stand."""
    if address_property(user, settings) == "otherMails":
        return user.other_mails
    return (user.mail,) if user.mail else ()


def address_property(user: User, settings: Settings) -> str:
    """Name the property in which this user's external address has to stand."""
    by_origin = settings.address_property is AddressProperty.BY_ORIGIN
    return "otherMails" if by_origin and not user.on_premises_synced else "mail"


def parsed(text: str | None) -> tuple[EmailAddress | None, str | None]:
    """Return the address, or why it is none; neither for no text."""
    if text is None:
        return None, None
    try:
        return EmailAddress.parse(text), None
    except AddressMalformed as error:
        return None, str(error)
