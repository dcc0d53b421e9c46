"""Which external address a conversion uses, and what stands in its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from converters.policy.external_address import choose_address
from tests.samples import ADDRESS, TENANT, request, settings, user

if TYPE_CHECKING:
    from converters.model.facts import AddressChoice

OTHER = "lee@supplier.example"
OWN = "kim@contoso.example"


def chosen(*held: str, asked: str | None = None) -> AddressChoice:
    """Return the choice for a cloud-only user who holds these addresses."""
    return choose_address(
        request(email_address=asked), user(other_mails=held), TENANT.verified_domains, settings()
    )


def stands_in_the_way(choice: AddressChoice) -> set[str]:
    return {
        name for name in ("missing", "foreign", "ambiguous", "malformed") if getattr(choice, name)
    }


@pytest.mark.parametrize(
    ("held", "problems"),
    [
        ((ADDRESS,), set()),
        ((OWN, ADDRESS), set()),
        # What is no address matters where there is no other.
        (("no address", ADDRESS), set()),
        (("no address",), {"malformed"}),
        (("no address", OWN), {"malformed"}),
        (("no address", ADDRESS, OTHER), {"ambiguous"}),
        ((ADDRESS, OTHER), {"ambiguous"}),
        ((OWN,), {"missing"}),
        ((), {"missing"}),
    ],
)
def test_address_is_the_only_external_one_or_the_reason_says_why(
    held: tuple[str, ...], problems: set[str]
) -> None:
    choice = chosen(*held)
    assert stands_in_the_way(choice) == problems
    assert bool(choice.address) is not bool(problems)


@pytest.mark.parametrize(
    ("held", "problems"),
    [
        ((OTHER, ADDRESS), set()),
        ((OTHER,), {"foreign"}),
        ((), {"missing"}),
        (("no address",), {"missing"}),
    ],
)
def test_address_that_is_asked_for_has_to_be_the_users(
    held: tuple[str, ...], problems: set[str]
) -> None:
    choice = chosen(*held, asked=ADDRESS)
    assert stands_in_the_way(choice) == problems
    assert choice.address
    assert choice.address.key == ADDRESS
