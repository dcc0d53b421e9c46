"""Azure Resource Manager, as far as the scripts and the workflow ask it; with it, a sign-in.

It answers for one resource group: deployments, whose outputs are those of the template that was
sent; the function app that they make, with its site for publishing; and a partner topic.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TENANT = "00000000-0000-4000-8000-00000000000f"
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
GROUP = "b2b-pilot"
APP = "b2b-pilot-abcdefgh"
TOPIC = "users"
TOPIC_VERSION = "2025-02-15"
# What the template's outputs are once deployed; any other is as long as it is named.
OUTPUTS = {"functionAppName": APP}
# The functions that every deployment has.
ALWAYS = ("convert", "follow_up", "sweep")
_EMPTY = "AzureWebJobsStorage"
_SITE = "Microsoft.Web/sites/" + APP
_TOPIC = f"Microsoft.EventGrid/partnerTopics/{TOPIC}"


class ResourceManager:
    """One resource group.

    Attributes:
        deployments: outputs by the deployment's name.
        parameters: those of the last deployment, or preview of one.
        settings: the app's own.
        listed: names of the functions that Azure has found.
        topic: the partner topic.
        listeners: the topic's event subscriptions.
        asked: method and path of every call that changes something.
        builds: whether packages are built; without, no function is found in them.
        takes: whether packages are taken.
    """

    def __init__(self) -> None:
        self.deployments: dict[str, dict[str, Any]] = {}
        self.parameters: dict[str, Any] = {}
        self.settings = {"ALLOWED_EMAIL_DOMAINS": "partner.example"}
        self.listed: list[str] = []
        self.topic: dict[str, Any] = {"properties": {"activationState": "NeverActivated"}}
        self.listeners: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.builds = self.takes = True
        self.app = web.Application(middlewares=[self._remembering], client_max_size=1 << 24)
        self.app.add_routes([*_login_routes(), *self._deployment_routes(), *self._app_routes()])

    def deployed(self, name: str, *outputs: str) -> None:
        """Hold a deployment with these outputs."""
        self.deployments[name] = {
            output: {"type": "String", "value": OUTPUTS.get(output, output)} for output in outputs
        }

    @web.middleware
    async def _remembering(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith((f"/{TENANT}", "/admin")):
            return await handler(request)
        if request.headers.get("Authorization") != "Bearer genuine":
            return web.json_response(_error("AuthenticationFailed", request.path), status=401)
        if request.method != "GET" and not request.path.endswith(("/list", "/listkeys")):
            self.asked.append(f"{request.method} {request.path.rpartition('/providers/')[2]}")
        return await handler(request)

    def _deployment_routes(self) -> list[web.RouteDef]:
        # The CLI writes the group's segment in two ways.
        kind = "/providers/Microsoft.Resources/deployments/{name}"
        path = f"/subscriptions/{SUBSCRIPTION}/{{groups:(?i:resourcegroups)}}/{GROUP}{kind}"
        return [
            web.get(path, self._deployment),
            web.put(path, self._deploy),
            web.post(f"{path}/validate", self._validate),
            web.post(f"{path}/whatIf", self._preview),
        ]

    def _app_routes(self) -> list[web.RouteDef]:
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers"
        site, topic = f"{group}/{_SITE}", f"{group}/{_TOPIC}"
        return [
            web.get(site, self._site),
            web.get(f"{group}/Microsoft.Web/serverfarms/plan", _plan),
            web.get("/providers/Microsoft.Web/locations/{place}/functionAppStacks", _stacks),
            web.post(f"{site}/config/appsettings/list", self._settings),
            web.put(f"{site}/config/appsettings", self._set),
            web.get(f"{site}/config/slotConfigNames", _no_slots),
            web.post(f"{site}/host/default/listkeys", _keys),
            web.get(f"{site}/functions", self._functions),
            web.post("/api/publish", self._publish),
            web.get("/api/deployments/latest", _published),
            web.get("/admin/host/status", self._status),
            web.get(topic, self._topic),
            web.get(f"{topic}/eventSubscriptions", self._listening),
            web.patch(topic, self._assign),
            web.post(f"{topic}/activate", self._activate),
        ]

    async def _deployment(self, asking: web.Request) -> web.Response:
        name = asking.match_info["name"]
        if name not in self.deployments:
            return web.json_response(_error("DeploymentNotFound", name), status=404)
        found = {"provisioningState": "Succeeded", "outputs": self.deployments[name]}
        return web.json_response({"id": asking.path, "name": name, "properties": found})

    async def _deploy(self, asking: web.Request) -> web.Response:
        await self._validate(asking)
        template = (await _sent(asking))["template"]
        self.deployed(asking.match_info["name"], *template["outputs"])
        return await self._deployment(asking)

    async def _validate(self, asking: web.Request) -> web.Response:
        self.parameters = (await _sent(asking))["parameters"]
        return web.json_response({"properties": {"provisioningState": "Succeeded"}})

    async def _preview(self, asking: web.Request) -> web.Response:
        await self._validate(asking)
        return web.json_response({"status": "Succeeded", "properties": {"changes": []}})

    async def _site(self, asking: web.Request) -> web.Response:
        host = f"127.0.0.1:{asking.url.port}"
        plan = asking.path.replace(_SITE, "Microsoft.Web/serverfarms/plan")
        kinds = [{"name": host, "hostType": kind} for kind in ("Standard", "Repository")]
        properties = {
            "serverFarmId": plan,
            "sku": "FlexConsumption",
            "reserved": True,
            "hostNameSslStates": kinds,
            "functionAppConfig": {"runtime": {"name": "python", "version": "3.13"}},
        }
        whole = {"id": asking.path, "name": APP, "location": "West Europe"}
        return web.json_response({**whole, "kind": "functionapp,linux", "properties": properties})

    async def _settings(self, _: web.Request) -> web.Response:
        return web.json_response({"properties": self.settings})

    async def _set(self, asking: web.Request) -> web.Response:
        self.settings = (await asking.json())["properties"]
        return web.json_response({"properties": self.settings})

    async def _functions(self, asking: web.Request) -> web.Response:
        found = [{"id": f"{asking.path}/{name}", "name": f"{APP}/{name}"} for name in self.listed]
        return web.json_response({"value": found})

    async def _publish(self, asking: web.Request) -> web.Response:
        if not self.takes:
            return web.Response(status=500, text="no room")
        self.settings.setdefault(_EMPTY, "")
        with zipfile.ZipFile(io.BytesIO(await asking.read())) as package:
            source = package.read("function_app.py").decode()
        if self.builds and asking.query["RemoteBuild"].lower() == "true":
            self.listed = re.findall(r'^@app.function_name\("(\w+)"\)', source, re.MULTILINE)
        return web.Response(status=202, text="1")

    async def _status(self, _: web.Request) -> web.Response:
        return web.json_response({}, status=503 if self.settings.get(_EMPTY) == "" else 200)

    async def _topic(self, asking: web.Request) -> web.Response:
        assert asking.query["api-version"] == TOPIC_VERSION
        return web.json_response(self.topic)

    async def _listening(self, asking: web.Request) -> web.Response:
        assert asking.query["api-version"] == TOPIC_VERSION
        return web.json_response({"value": self.listeners})

    async def _assign(self, asking: web.Request) -> web.Response:
        given = (await asking.json())["identity"]
        held = self.topic.get("identity", {}).get("userAssignedIdentities", {})
        both = {**held, **given["userAssignedIdentities"]}
        self.topic["identity"] = {"type": given["type"], "userAssignedIdentities": both}
        return await self._topic(asking)

    async def _activate(self, asking: web.Request) -> web.Response:
        self.topic["properties"]["activationState"] = "Activated"
        return await self._topic(asking)


def _login_routes() -> list[web.RouteDef]:
    return [
        web.get(f"/{TENANT}/v2.0/.well-known/openid-configuration", _discovery),
        web.post(f"/{TENANT}/oauth2/v2.0/token", _token),
        web.get("/subscriptions", _subscriptions),
    ]


async def _discovery(asking: web.Request) -> web.Response:
    root = f"https://127.0.0.1:{asking.url.port}/{TENANT}"
    names = {"authorization": "authorize", "token": "token", "device_authorization": "devicecode"}
    found = {f"{name}_endpoint": f"{root}/oauth2/v2.0/{path}" for name, path in names.items()}
    return web.json_response({"issuer": root, **found})


async def _token(_: web.Request) -> web.Response:
    answer = {"token_type": "Bearer", "expires_in": 3600, "access_token": "genuine"}
    return web.json_response(answer)


async def _subscriptions(_: web.Request) -> web.Response:
    found = {"id": f"/subscriptions/{SUBSCRIPTION}", "subscriptionId": SUBSCRIPTION}
    whole = {**found, "displayName": "pilot", "state": "Enabled", "tenantId": TENANT}
    return web.json_response({"value": [whole]})


async def _plan(asking: web.Request) -> web.Response:
    sku = {"name": "FC1", "tier": "FlexConsumption"}
    return web.json_response({"id": asking.path, "name": "plan", "sku": sku, "properties": {}})


async def _stacks(_: web.Request) -> web.Response:
    return web.json_response({"value": []})


async def _no_slots(_: web.Request) -> web.Response:
    return web.json_response({"properties": {}})


async def _keys(_: web.Request) -> web.Response:
    return web.json_response({"masterKey": "key"})


async def _published(_: web.Request) -> web.Response:
    return web.json_response({"status": 4})


async def _sent(asking: web.Request) -> dict[str, Any]:
    """Return what is to be deployed; the CLI writes the template's name without quotes."""
    text = (await asking.text()).replace(" template:{", ' "template":{', 1)
    properties: dict[str, Any] = json.loads(text)["properties"]
    return properties


def _error(code: str, what: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": f"{code}: {what}"}}
