"""Sample facts: a user who can be converted, and everything around; tests change one thing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from converters.model.addresses import EmailAddress
from converters.model.facts import (
    AddressFacts,
    DomainFacts,
    Facts,
    Groups,
    HomeTenant,
    Identity,
    PrivilegeFacts,
    TenantFacts,
    Unread,
    User,
)
from converters.model.request import ConversionRequest
from converters.policy.external_address import choose_address
from converters.policy.rule import Case
from converters.settings.settings import Settings

USER_ID = "11111111-aaaa-4aaa-8aaa-111111111111"
OTHER_ID = "22222222-bbbb-4bbb-8bbb-222222222222"
GROUP_ID = "33333333-cccc-4ccc-8ccc-333333333333"
ADDRESS = "kim@partner.example"
UNREAD = Unread("the fact", "Some.Read.All", 403)


def settings(**keys: str) -> Settings:
    """Return settings that allow partner.example, with ``keys`` over them."""
    return Settings.from_mapping(
        {
            "CONVERSION_STORAGE": "UseDevelopmentStorage=true",
            "GRAPH_BASE_URL": "http://127.0.0.1:1",
            "ALLOWED_EMAIL_DOMAINS": "partner.example",
        }
        | keys
    )


def user(**changes: Any) -> User:  # noqa: ANN401 - any field of User
    """Return a cloud-only internal member with an external address in ``otherMails``."""
    return replace(
        User(
            id=USER_ID,
            user_principal_name="kim@contoso.example",
            user_type="Member",
            account_enabled=True,
            external_user_state=None,
            external_user_state_changed=None,
            identities=(Identity("userPrincipalName", "contoso.onmicrosoft.com"),),
            mail=ADDRESS,
            other_mails=(ADDRESS,),
            on_premises_synced=False,
            on_premises_user_principal_name=None,
            management_restricted=False,
            assigned_plans=(),
        ),
        **changes,
    )


def request(**changes: Any) -> ConversionRequest:  # noqa: ANN401 - any field of ConversionRequest
    """Return a request that names the user and the address."""
    base = ConversionRequest("R-1", OTHER_ID, user_id=USER_ID, email_address=ADDRESS)
    return replace(base, **changes)


TENANT = TenantFacts(frozenset({"contoso.example", "contoso.onmicrosoft.com"}), "everyone")
ADDRESS_FACTS = AddressFacts(user_holders=(), contact_holders=())
PRIVILEGES = PrivilegeFacts(
    active_roles=(),
    role_assignments=(),
    eligible_roles=(),
    groups=Groups(frozenset({GROUP_ID}), ()),
    eligible_groups=(),
)
DOMAIN_FACTS = DomainFacts(directly_federated=False, home_tenant=HomeTenant(OTHER_ID, "Partner"))


def case(  # noqa: PLR0913 - each is one thing a test may change
    *,
    of_request: ConversionRequest | None = None,
    of_user: User | None = None,
    matches: tuple[str, ...] | Unread = (USER_ID,),
    tenant: TenantFacts = TENANT,
    privileges: PrivilegeFacts = PRIVILEGES,
    address: AddressFacts = ADDRESS_FACTS,
    domain: DomainFacts = DOMAIN_FACTS,
    of_settings: Settings | None = None,
) -> Case:
    """Return a case that no rule stops, but for what the test changes."""
    asked, chosen_settings = of_request or request(), of_settings or settings()
    found = (of_user or user()) if matches == (USER_ID,) else None
    choice = choose_address(asked, found, tenant.verified_domains, chosen_settings)
    usable = isinstance(choice.address, EmailAddress)
    facts = Facts(
        tenant=tenant,
        matches=matches,
        user=found,
        privileges=privileges if found else None,
        choice=choice,
        address=address if usable else None,
        domain=domain if usable else None,
    )
    return Case(asked, facts, chosen_settings)
