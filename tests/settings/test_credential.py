"""A credential is made where a token is needed, and nowhere else."""

from __future__ import annotations

from converters.settings.identity import credential
from tests.samples import OTHER_ID, settings


async def test_credential_is_made_only_where_something_needs_one() -> None:
    local = settings()
    assert credential(local) is None
    uris = {
        "CONVERSION_STORAGE": "",
        "CONVERSION_STORAGE__queueServiceUri": "https://q.test",
        "CONVERSION_STORAGE__tableServiceUri": "https://t.test",
    }
    for keys in (uris, uris | {"CONVERSION_STORAGE__clientId": OTHER_ID},
                 {"GRAPH_BASE_URL": "https://graph.microsoft.com"}):  # fmt: skip
        made = credential(settings(**keys))
        assert made is not None
        await made.close()
