"""The Kubernetes manifests name what exists: files, commands, settings, pages, and one another."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config import OUTSIDE_NAMES, load

FOLDER = Path(__file__).resolve().parent.parent / "deploy/k8s"
VARIANTS = ("one-replica", "two-replicas")
RESTRICTED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def document(*parts: str) -> Any:
    """The one document of a manifest."""
    return yaml.safe_load(FOLDER.joinpath(*parts).read_text())


def resources(variant: str) -> list[dict[str, Any]]:
    """Every object a variant creates, the shared ones included."""
    found = []
    for folder in ("base", variant):
        names = [name for name in document(folder, "kustomization.yaml")["resources"] if name.endswith(".yaml")]
        found += [document(folder, name) for name in names]
    return found


def workload(variant: str) -> dict[str, Any]:
    """The object that runs the pods."""
    return next(item for item in resources(variant) if item["kind"] in ("StatefulSet", "Deployment"))


def container(variant: str) -> dict[str, Any]:
    """The one container of a pod."""
    (found,) = workload(variant)["spec"]["template"]["spec"]["containers"]
    return dict(found)


def test_every_file_is_part_of_a_variant() -> None:
    listed = set()
    for folder in ("base", "cluster-reader", *VARIANTS):
        kustomization = document(folder, "kustomization.yaml")
        listed |= {f"{folder}/kustomization.yaml"}
        listed |= {f"{folder}/{name}" for name in kustomization["resources"] if name.endswith(".yaml")}
        for generator in kustomization.get("configMapGenerator", ()):
            listed |= {f"{folder}/{name}" for name in generator["files"]}
    there = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}
    assert listed == there


def test_the_configuration_of_the_config_map_is_one_eksip_reads(tmp_path: Path) -> None:
    file = tmp_path / "eksip.toml"
    file.write_text((FOLDER / "base/eksip.toml").read_text())
    assert load({"EKSIP_CONFIG": str(file)}).aws.regions == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_pods_serve_as_nobody_and_are_probed_where_eksip_answers(variant: str) -> None:
    """The `restricted` profile that the namespace enforces is kept; every mount and reference has its counterpart."""
    pod, one = workload(variant)["spec"]["template"]["spec"], container(variant)
    kinds = {(item["kind"], item["metadata"]["name"]) for item in resources(variant)}
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert one["securityContext"] == RESTRICTED
    assert one["args"] == ["serve"]
    assert {one[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe")} == {"/healthz"}
    assert one["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert {one[probe]["httpGet"]["port"] for probe in ("startupProbe", "readinessProbe")} == {one["ports"][0]["name"]}
    assert ("ServiceAccount", pod["serviceAccountName"]) in kinds
    claims = workload(variant)["spec"].get("volumeClaimTemplates", ())
    volumes = {volume["name"] for volume in pod["volumes"]} | {claim["metadata"]["name"] for claim in claims}
    assert {mount["name"] for mount in one["volumeMounts"]} == volumes
    assert {entry["name"] for entry in one["env"]} <= {"EKSIP_CONFIG", *OUTSIDE_NAMES}


def test_one_replica_keeps_its_sqlite_file_on_a_volume() -> None:
    found = workload("one-replica")
    assert (found["kind"], found["spec"]["replicas"]) == ("StatefulSet", 1)
    address = next(entry["value"] for entry in container("one-replica")["env"] if entry["name"] == "DATABASE_URL")
    folder = next(mount["mountPath"] for mount in container("one-replica")["volumeMounts"] if mount["name"] == "data")
    assert address.startswith(f"sqlite:///{folder}/")


def test_two_replicas_share_the_database_of_the_secret() -> None:
    found = workload("two-replicas")
    assert (found["kind"], found["spec"]["replicas"]) == ("Deployment", 2)
    assert "DATABASE_URL" not in {entry["name"] for entry in container("two-replicas")["env"]}
    assert found["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_whatever_selects_pods_selects_these(variant: str) -> None:
    labels = workload(variant)["spec"]["template"]["metadata"]["labels"]
    selectors = [item["spec"]["selector"] for item in resources(variant) if "selector" in item.get("spec", {})]
    assert len(selectors) >= 2
    assert all(selector.get("matchLabels", selector) == labels for selector in selectors)


@pytest.mark.parametrize("variant", VARIANTS)
def test_eksip_has_time_to_stop(variant: str) -> None:
    """Kubernetes waits longer than the ten seconds that serve takes at most."""
    assert workload(variant)["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 10
