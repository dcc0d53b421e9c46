"""Microsoft Graph, emulated over HTTP: with state, refusals and disturbances."""

from local.emulator.emulator import GraphEmulator
from local.emulator.faults import Fault

__all__ = ["Fault", "GraphEmulator"]
