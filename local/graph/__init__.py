"""Microsoft Graph, emulated over HTTP: stateful, strict about what is sent, and easily disturbed.

It plays Graph as Microsoft documents it and knows nothing of this project's function. Never
deployed. A test starts it in its own event loop::

    async with GraphEmulator({"users": [{"userPrincipalName": "kim@contoso.example"}]}) as graph:
        graph.faults.add(Fault(method="POST", path="^/invitations$", drop="after", times=1))
        ...  # talk to graph.url, then look at graph.requests, graph.invitations, graph.mails
"""

from local.graph.emulator import GraphEmulator
from local.graph.faults import Fault
from local.graph.state import Record
from local.graph.tenant import Tenant
from local.graph.throttling import Limits

__all__ = ["Fault", "GraphEmulator", "Limits", "Record", "Tenant"]
