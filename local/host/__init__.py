"""A queue host for one machine: plays Azure Functions for the queue triggers of any Python app.

It is the Functions host, its Storage Queues extension and the Python worker, a process of its own,
as far as a queue trigger can tell, and knows nothing of the app that it runs. Never deployed. One
table of scenarios, ``tests/hosts``, holds it against Microsoft's host.
Source: "Azure Queue storage trigger and bindings for Azure Functions overview".
"""

from local.host.app import App
from local.host.errors import StartError
from local.host.host import QueueHost
from local.host.runner import Runner
from local.host.settings import HostSettings

__all__ = ["App", "HostSettings", "QueueHost", "Runner", "StartError"]
