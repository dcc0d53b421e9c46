"""The keys of the settings that only this product has."""

from __future__ import annotations

from converters.settings.editions import AddressProperty, RulesEdition
from converters.settings.reader import LOOPBACK, SettingsReader, split_url

# The access token goes there, so it must be one of Microsoft's ("National cloud deployments").
GRAPH_HOSTS = frozenset(
    {
        "graph.microsoft.com",
        "graph.microsoft.us",
        "dod-graph.microsoft.us",
        "microsoftgraph.chinacloudapi.cn",
    }
)
# Rules of Microsoft's article that Graph itself does not enforce.
LOWERABLE_RULES = frozenset(
    {"mailboxAssigned", "directFederation", "homeTenantNotFound", "mailDomainMismatch", "mailEmpty"}
)


class KeyReader(SettingsReader):
    """Reads the keys that only this product has."""

    def graph_base_url(self) -> tuple[str, bool]:
        """Return Graph's root, and whether it needs a token."""
        url = self.text("GRAPH_BASE_URL", "https://graph.microsoft.com").rstrip("/")
        url = url.removesuffix("/v1.0")
        parts = split_url(url)
        below = parts.path or parts.query or parts.fragment
        if parts.scheme == "http" and parts.hostname in LOOPBACK and not below:
            return url, False
        if parts.scheme != "https" or parts.netloc not in GRAPH_HOSTS or below:
            self.problems.append(
                "GRAPH_BASE_URL must be https and one of Microsoft Graph's hosts"
                f" ({', '.join(sorted(GRAPH_HOSTS))}), or http on loopback."
            )
        return url, True

    def rules_edition(self) -> RulesEdition:
        """Return which edition of Microsoft's article decides."""
        text = self.text("RULES_EDITION", RulesEdition.OF_2020)
        if text not in set(RulesEdition):
            self.problems.append("RULES_EDITION must be 2020 or current.")
            text = RulesEdition.OF_2020
        return RulesEdition(text)

    def address_property(self, edition: RulesEdition) -> AddressProperty:
        """Return where the external address has to stand; the default is the edition's."""
        current = edition is RulesEdition.CURRENT
        default = AddressProperty.MAIL if current else AddressProperty.BY_ORIGIN
        text = self.text("EXTERNAL_ADDRESS_PROPERTY", default)
        if text not in set(AddressProperty):
            self.problems.append("EXTERNAL_ADDRESS_PROPERTY must be byOrigin or mail.")
            text = AddressProperty.BY_ORIGIN
        return AddressProperty(text)

    def lowered_rules(self) -> frozenset[str]:
        """Return the codes of the rules that only warn."""
        names = {name.lower(): name for name in LOWERABLE_RULES}
        asked = self.list("RULES_AS_WARNINGS")
        if wrong := [name for name in asked if name not in names]:
            self.problems.append(
                f"RULES_AS_WARNINGS cannot name {', '.join(wrong)}; only"
                f" {', '.join(sorted(LOWERABLE_RULES))} can be lowered."
            )
        return frozenset(names[name] for name in asked if name in names)

    def redirect_url(self, tenant_id: str | None) -> str:
        """Return where a person lands after redeeming; the default names the tenant."""
        default = "https://myapps.microsoft.com/"
        return self.text(
            "INVITE_REDIRECT_URL", f"{default}?tenantId={tenant_id}" if tenant_id else default
        )
