"""What the parameter file deploys, with the least that it asks for."""

from __future__ import annotations

import functools

from tests.infra.bicep import MAIN, load
from tests.infra.deployment import Deployment, deploy, parameters_of

PARAMETERS = "main.bicepparam"
ENVIRONMENT = {"AZURE_ENV_NAME": "pilot", "ALLOWED_EMAIL_DOMAINS": "partner.example"}


@functools.cache
def deployed() -> Deployment:
    """Return it, evaluated."""
    texts = load()
    return deploy(texts, MAIN, parameters_of(texts, PARAMETERS, ENVIRONMENT))
