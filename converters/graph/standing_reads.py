"""What a look asks of an invited user, and how the answer becomes a standing. Pure: no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.graph.read import Absence, Read
from converters.graph.user_reads import check_is_asked, quoted
from converters.model.redemption import ExternalIdentity, Standing

if TYPE_CHECKING:
    from converters.graph.read import Item

_PROPERTIES = "id,accountEnabled,externalUserState,externalUserStateChangeDateTime,identities"


def standing(user_id: str) -> Read[Standing | None]:
    """Ask how an invited user stands ("Get user"); that there is none is a fact too."""
    return Read(
        name=user_id,
        what="how the invited user stands",
        path=f"/users/{quoted(user_id)}?$select={_PROPERTIES}",
        permission="User.Read.All",
        parse=lambda item: _standing(item, user_id),
        absence=Absence("no such user", None),
    )


def _standing(item: Item, asked: str) -> Standing:
    check_is_asked(item, asked)
    identities = item.items_or_none("identities")
    return Standing(
        account_enabled=item.flag("accountEnabled"),
        external_user_state=item.text_or_none("externalUserState"),
        changed=item.time_or_none("externalUserStateChangeDateTime"),
        identities=None
        if identities is None
        else tuple(
            ExternalIdentity(each.label("issuer"), each.label("issuerAssignedId") or None)
            for each in identities
            if each.text("signInType") == "federated"
        ),
    )
