"""max-pods by provisioner: the number each sets for a type, and one ENI slot taken by a trunk or for EFA only."""

import pytest

from bot.capacity.eni_limits import known_types, snapshot_limits
from bot.capacity.nodes import max_pods, prefix_supported
from bot.capacity.provisioners import (
    PROVISIONER_WORDS,
    Provisioner,
    ProvisionerMaxPods,
    provisioner_max_pods,
    slot_loss,
)
from bot.inventory import InstanceLimits


def limits(instance_type: str) -> InstanceLimits:
    found = snapshot_limits(instance_type)
    assert found is not None
    return found


def of(instance_type: str, provisioner: Provisioner) -> ProvisionerMaxPods:
    (found,) = (row for row in provisioner_max_pods(limits(instance_type)) if row.provisioner is provisioner)
    return found


@pytest.mark.parametrize(
    ("instance_type", "provisioner", "default", "custom", "prefix", "says"),
    [
        pytest.param("m5.4xlarge", Provisioner.MANAGED, 110, 110, 110, "cap of 110 binds", id="managed, capped"),
        pytest.param("m5.large", Provisioner.MANAGED, 29, 20, 110, "smallest figure of its types", id="managed, below"),
        pytest.param("m5.24xlarge", Provisioner.MANAGED, 250, 250, 250, "cap of 250 binds", id="managed, many vCPUs"),
        pytest.param("m5.4xlarge", Provisioner.SELF_MANAGED_AL2, 234, 205, 110, "eni-max-pods.txt", id="AL2"),
        pytest.param("m5.4xlarge", Provisioner.NODEADM, 234, 205, 110, "maxPodsExpression", id="nodeadm"),
        pytest.param("m5.4xlarge", Provisioner.KARPENTER, 234, 205, 110, "RESERVED_ENIS=1", id="Karpenter"),
        pytest.param("m5.4xlarge", Provisioner.BOTTLEROCKET, 234, 205, 110, "settings.kubernetes", id="Bottlerocket"),
        pytest.param("m5.24xlarge", Provisioner.AUTO_MODE, 110, None, 110, "at most 110", id="Auto Mode"),
        pytest.param("t3.nano", Provisioner.AUTO_MODE, 34, None, 34, "by its addresses", id="Auto Mode, small"),
        pytest.param("m4.xlarge", Provisioner.KARPENTER, 58, 44, None, "RESERVED_ENIS=1", id="no prefixes on Xen"),
    ],
)
def test_each_provisioner_has_its_own_figure_and_reason(
    instance_type: str, provisioner: Provisioner, default: int, custom: int | None, prefix: int | None, says: str
) -> None:
    found = of(instance_type, provisioner)
    assert (found.default, found.custom_networking, found.prefix) == (default, custom, prefix)
    assert says in found.reason
    assert found.reserved_mib == 11 * default + 255


@pytest.mark.parametrize(
    ("instance_type", "efa_only", "trunk_addresses"),
    [
        pytest.param("m6idn.32xlarge", 345, 343, id="two cards: 394 without EFA"),
        pytest.param("m5.large", 20, 18, id="trunk leaves 18 addresses"),
        pytest.param("t3.large", 24, None, id="burstable types take no trunk"),
        pytest.param("m4.xlarge", None, None, id="Xen takes neither"),
    ],
)
def test_one_slot_fewer(instance_type: str, efa_only: int | None, trunk_addresses: int | None) -> None:
    found = slot_loss(limits(instance_type))
    assert (found.efa_only, found.trunk_addresses) == (efa_only, trunk_addresses)


def test_figures_hold_together_for_every_known_type() -> None:
    for name in known_types():
        known = limits(name)
        rows = {row.provisioner: row for row in provisioner_max_pods(known)}
        assert set(rows) == set(Provisioner) == set(PROVISIONER_WORDS)
        figures = max_pods(known)
        assert rows[Provisioner.MANAGED].default == figures.secondary_managed <= rows[Provisioner.NODEADM].default
        assert rows[Provisioner.AUTO_MODE].default <= 110
        assert all(row.prefix is None for row in rows.values()) != prefix_supported(known)
        assert all((row.custom_networking or 0) <= row.default for row in rows.values())
        left = slot_loss(known)
        assert left.efa_only is None or left.efa_only < figures.secondary
