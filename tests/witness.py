"""An identity that tells what it was asked for."""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import ClientAuthenticationError


class Witness:
    """An identity that is asked for tokens, and gives none."""

    asked: tuple[str, ...] = ()

    async def get_token(self, *scopes: str, **_: Any) -> None:  # noqa: ANN401 - the library's
        """Note what for."""
        self.asked += scopes
        raise ClientAuthenticationError("signed out")
