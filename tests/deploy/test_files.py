"""The files of `deploy/`: each can be read by what reads it, and they agree with each other."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from errormap_dagster.assets.dbt import WRITER_POOL
from errormap_dagster.judge_settings import RECORD_VARIABLE
from errormap_dagster.settings import load_settings

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
VARIABLES = ("ERRORMAP_PG_HOST", "ERRORMAP_PG_USER", "ERRORMAP_PG_PASSWORD", "ERRORMAP_PG_DATABASE")


def document(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


@pytest.fixture
def compose() -> Any:
    return document("compose.yaml")


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.yaml")), ids=lambda path: path.name)
def test_every_file_is_yaml(path: Path) -> None:
    assert yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_settings_are_settings() -> None:
    settings = load_settings(DEPLOY / "errormap.yaml")
    assert settings.refresh.is_on


def test_the_services_are_the_four_that_dagster_needs(compose: Any) -> None:
    assert set(compose["services"]) == {"postgres", "code", "webserver", "daemon"}
    dagster = [compose["services"][name] for name in ("code", "webserver", "daemon")]
    assert {service["image"] for service in dagster} == {"errormap:latest"}
    for service in dagster:
        assert set(VARIABLES) <= set(service["environment"])


def test_what_compose_mounts_and_builds_is_there(compose: Any) -> None:
    code = compose["services"]["code"]
    context = DEPLOY / code["build"]["context"]
    assert (context / code["build"]["dockerfile"]).is_file()
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = str(volume).split(":", maxsplit=1)[0]
            if source.startswith("./"):
                assert (DEPLOY / source).exists(), source
            elif re.fullmatch(r"\w+", source):
                assert source in compose["volumes"]


def test_the_image_holds_what_is_copied_into_it() -> None:
    for line in text("Dockerfile").splitlines():
        if line.startswith("COPY"):
            for source in line.split()[1:-1]:
                assert (REPOSITORY / source).exists(), source


def test_the_image_installs_extras_that_exist() -> None:
    (wanted,) = re.findall(r"\"\.\[([\w,]+)\]\"", text("Dockerfile"))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(wanted.split(",")) <= set(project["project"]["optional-dependencies"])


def test_the_workspace_names_the_service_and_its_port(compose: Any) -> None:
    (server,) = (entry["grpc_server"] for entry in document("workspace.yaml")["load_from"])
    assert server["host"] in compose["services"]
    assert f'"-p", "{server["port"]}"' in text("Dockerfile")
    assert document("values.yaml")["dagster-user-deployments"]["deployments"][0]["port"] == 4000


def test_no_port_is_open_to_others(compose: Any) -> None:
    for service in compose["services"].values():
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))


def test_passwords_come_from_the_environment(compose: Any) -> None:
    password = compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"]
    assert password.startswith("${ERRORMAP_PG_PASSWORD:?")
    assert "ERRORMAP_PG_PASSWORD=\n" in text("env.example")
    assert all(
        "=" not in line or line.startswith("#") or line.endswith("=")
        for line in text("env.example").splitlines()
    )
    ignored = (REPOSITORY / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "deploy/.env" in ignored


def test_the_record_of_calls_is_in_postgresql_wherever_there_are_several_machines(
    compose: Any,
) -> None:
    assert compose["services"]["code"]["environment"][RECORD_VARIABLE].startswith("postgresql://")
    (deployment,) = document("values.yaml")["dagster-user-deployments"]["deployments"]
    assert RECORD_VARIABLE in {entry["name"] for entry in deployment["env"]}


def test_the_chart_is_of_the_release_of_dagster_that_is_installed() -> None:
    assert f"--version {dg.__version__}" in text("values.yaml")


def test_runs_on_kubernetes_get_the_home() -> None:
    (deployment,) = document("values.yaml")["dagster-user-deployments"]["deployments"]
    assert deployment["includeConfigInLaunchedRuns"] == {"enabled": True}
    claims = [v["persistentVolumeClaim"]["claimName"] for v in deployment["volumes"][:1]]
    assert claims == [document("home.yaml")["metadata"]["name"]]
    home = {entry["name"]: entry.get("value") for entry in deployment["env"]}["ERRORMAP_HOME"]
    assert home in {mount["mountPath"] for mount in deployment["volumeMounts"]}


def test_the_warehouse_has_one_writer_in_every_deployment() -> None:
    assert WRITER_POOL
    assert document("dagster.yaml")["concurrency"]["pools"] == {
        "granularity": "op",
        "default_limit": 1,
    }
    assert document("values.yaml")["concurrency"]["pools"]["defaultLimit"] == 1


def test_nothing_phones_home() -> None:
    assert document("dagster.yaml")["telemetry"] == {"enabled": False}
    assert document("values.yaml")["telemetry"] == {"enabled": False}


def test_the_code_server_starts_as_the_image_and_the_chart_start_it() -> None:
    """The options exist; whether the definitions load is tested elsewhere."""
    said = subprocess.run(
        [str(Path(sys.executable).parent / "dagster"), "code-server", "start", "--help"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    (deployment,) = document("values.yaml")["dagster-user-deployments"]["deployments"]
    for option in ("--module-name", "--host", "--port"):
        assert option in said
    assert deployment["codeServerArgs"][0] in said
