"""deploy/k8s/cluster-reader grants what is read and nothing else, to whom the documentation says."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.kubernetes.reads import READS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/k8s/cluster-reader"


def document(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text())


def granted(name: str) -> set[tuple[str, str, str, str, str]]:
    """(namespace, group, resource, object, verb) of every rule of a role; object is "*" for all."""
    role = document(name)
    return {
        (role["metadata"].get("namespace", ""), group, resource, named, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for named in rule.get("resourceNames", ["*"])
        for verb in rule["verbs"]
    }


def test_the_roles_grant_every_read_and_no_more() -> None:
    # A list of one namespace is covered by the same list of all of them.
    wide = {(each.group, each.resource) for each in READS if not each.namespace}
    needed = {
        (each.namespace if each.name else "", each.group, each.resource, each.name or "*", each.verb) for each in READS
    }
    assert all((each.group, each.resource) in wide for each in READS if not each.name)
    assert granted("cluster-role") | granted("role") == needed


def test_nothing_can_be_written_and_no_secret_read() -> None:
    rights = granted("cluster-role") | granted("role")
    assert {verb for *_, verb in rights} <= {"get", "list"}
    assert "secrets" not in {resource for _, _, resource, _, _ in rights}


@pytest.mark.parametrize("kind", ["cluster-role", "role"])
def test_each_role_is_bound_to_the_group_of_the_access_entry_and_to_the_pod(kind: str) -> None:
    role, binding = document(kind), document(f"{kind}-binding")
    assert binding["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": role["kind"],
        "name": role["metadata"]["name"],
    }
    assert binding["metadata"].get("namespace") == role["metadata"].get("namespace")
    subjects = {(each["kind"], each["name"], each.get("namespace", "")) for each in binding["subjects"]}
    assert subjects == {("Group", "eksip-readers", ""), ("ServiceAccount", "eksip", "eksip")}


def test_the_documentation_gives_the_access_entry_that_group() -> None:
    text = (ROOT / "docs/deploying.md").read_text()
    assert "--kubernetes-groups eksip-readers" in text
    assert "kubectl apply -k deploy/k8s/cluster-reader" in text
