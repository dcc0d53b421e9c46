"""What can go wrong in the host itself; what the app's functions raise is not among it."""


class StartError(Exception):
    """The app cannot be played as it is configured; the message is for a person to act on."""


class WorkerRestartedError(Exception):
    """The worker was restarted while this invocation ran, so nobody will ever know how it ended."""
