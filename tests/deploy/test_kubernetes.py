"""deploy/kubernetes: every object follows Kubernetes' own schema, and agrees with the programs and with the others."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from aiohttp import ClientSession
from fastapi.routing import APIRoute

from bot.settings import TELEGRAM
from bot.settings import Settings as BotSettings
from inference.engine.engine import Engine
from storage import Database
from tests.web.serving import PoolOnCommand, received, served
from web.application import create_app
from web.keys import ApiKeys
from web.mini_app import routes
from web.mini_app.records import Records
from web.mini_app.routes import MiniApp
from web.rates import RateLimiter
from web.settings import Settings as WebSettings

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
# The oldest and the newest release that are looked after.
VERSIONS = ["1.34", "1.37"]
KNOWN = {"bot": BotSettings, "web": WebSettings, "worker": BotSettings}


def objects(kind: str | None = None) -> list[dict[str, Any]]:
    found = [each for path in sorted(FOLDER.glob("*.yaml")) for each in yaml.safe_load_all(path.read_text())]
    assert len(found) > 4
    return [each for each in found if kind in (None, each["kind"])]


def containers() -> Iterator[dict[str, Any]]:
    for deployment in objects("Deployment"):
        yield from deployment["spec"]["template"]["spec"]["containers"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("thing", objects(), ids=lambda thing: f"{thing['kind']} {thing['metadata']['name']}")
def test_every_object_follows_the_schema(thing: dict[str, Any], version: str) -> None:
    assert kubernetes_validate.validate(thing, version, strict=True) == version


def test_an_object_with_a_field_that_does_not_exist_is_found() -> None:
    [*_, budget] = objects("PodDisruptionBudget")
    budget["spec"]["minAvailabel"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(budget, VERSIONS[0], strict=True)


def test_what_selects_finds_its_pods() -> None:
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in objects("Deployment")]
    for deployment in objects("Deployment"):
        assert deployment["spec"]["selector"]["matchLabels"] in labels
    for budget in objects("PodDisruptionBudget"):
        assert budget["spec"]["selector"]["matchLabels"] in labels
    for service in objects("Service"):
        assert service["spec"]["selector"] in labels


def test_a_disruption_budget_lets_a_machine_be_emptied() -> None:
    replicas = {
        str(each["spec"]["selector"]["matchLabels"]): each["spec"]["replicas"] for each in objects("Deployment")
    }
    for budget in objects("PodDisruptionBudget"):
        assert budget["spec"]["minAvailable"] < replicas[str(budget["spec"]["selector"]["matchLabels"])]


def test_the_programs_know_what_is_set() -> None:
    for container in containers():
        known = set(KNOWN[container["name"]].model_fields)
        assert {each["name"].lower() for each in container["env"]} <= known, container["name"]


def test_the_bot_asks_as_many_workers_as_there_are() -> None:
    [replicas] = [
        each["spec"]["replicas"] for each in objects("Deployment") if each["metadata"]["name"] == "lesion-worker"
    ]
    bot, worker = (
        {each["name"]: each.get("value") for each in container["env"]}
        for container in containers()
        if container["name"] in ("bot", "worker")
    )
    assert (bot["WORKERS_AT"], int(bot["WORKERS"])) == ("elsewhere", replicas * int(worker["WORKERS"]))


def test_all_that_the_mini_app_serves_is_reached_from_outside() -> None:
    async def nothing() -> Database:
        raise AssertionError("only the paths are looked at")

    router = routes.setup(MiniApp(Records(nothing), "1:a"), RateLimiter())
    paths = [route.path for route in router.routes if isinstance(route, APIRoute)]
    assert len(paths) > 4
    [ingress] = [each for each in objects("Ingress") if each["metadata"]["name"] == "lesion-mini-app"]
    prefixes = [each["path"] for rule in ingress["spec"]["rules"] for each in rule["http"]["paths"]]
    assert all(any(f"{path}/".startswith(f"{each}/") for each in prefixes) for path in paths)


async def test_probes_and_paths_are_answered_by_the_application() -> None:
    [web] = [each for each in containers() if each["name"] == "web"]
    probed = {web[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")}
    [ingress] = [each for each in objects("Ingress") if each["metadata"]["name"] == "lesion-web"]
    paths = {each["path"]: each["pathType"] for rule in ingress["spec"]["rules"] for each in rule["http"]["paths"]}
    assert not probed & set(paths) and {path for path, kind in paths.items() if kind == "Prefix"} == {"/v1"}
    async with served(create_app(Engine(PoolOnCommand()), ApiKeys({}))) as address, ClientSession() as http:
        for path in {*probed, *paths, "/v1/openapi.json"} - {"/v1"}:
            assert (await received(http.get(f"{address}{path}"))).status == 200, path


def test_the_bot_is_probed_where_its_webhook_listens() -> None:
    [bot] = [each for each in containers() if each["name"] == "bot"]
    port, metrics = bot["ports"]
    assert {"name": "WEBHOOK_PORT", "value": str(port["containerPort"])} in bot["env"]
    assert {"name": "METRICS_PORT", "value": str(metrics["containerPort"])} in bot["env"]
    probes = {each: bot[each]["httpGet"] for each in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert {each["port"] for each in probes.values()} == {port["name"]}
    assert probes["readinessProbe"]["path"] == "/readyz" and probes["livenessProbe"]["path"] == "/healthz"
    [ingress] = [each for each in objects("Ingress") if each["metadata"]["name"] == "lesion-bot"]
    [path] = ingress["spec"]["rules"][0]["http"]["paths"]
    assert (path["path"], path["backend"]["service"]["name"]) == ("/telegram", "lesion-bot")
    allowed = ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/whitelist-source-range"]
    assert tuple(map(ip_network, allowed.split(","))) == TELEGRAM


def test_every_container_runs_with_the_least_rights() -> None:
    for deployment in objects("Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]
