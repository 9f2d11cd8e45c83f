"""Small estates for the tests of `why`: one cluster, a node or two, and what is out of order in them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address

from builders import LIMITS, NOW, PROD, REGION, cluster, contents, eni, instance_limits, node, subnet

from bot.capacity.cni_env import settings_as_shipped
from bot.capacity.diagnosis.evidence import ClusterView, Evidence, SubnetView, Unread
from bot.capacity.diagnosis.node_pools import node_pools
from bot.capacity.node_mix import node_mix
from bot.capacity.standing import standings
from bot.inventory import Cluster, CniSettings, Eni, InstanceLimits, Node, Reservation, Subnet
from bot.inventory.evidence import CniFigures, Quota, QuotaSource, RegionEvidence
from bot.inventory.kubernetes import (
    CniDaemonSet,
    CniNode,
    CniPod,
    EniConfig,
    KubernetesFacts,
    KubernetesNode,
    KubernetesPart,
    PodLoad,
    WaitingPod,
)
from bot.inventory.launches import LaunchFailure

HOME = "subnet-0a"
CPU = {"m5.large": (3, 10), "t3.large": (3, 12), "m5.xlarge": (4, 15)}


def attached(
    number: int,
    ips: int,
    *,
    instance_id: str = "i-0a",
    prefixes: tuple[str, ...] = (),
    subnet_id: str = HOME,
    third: int = 0,
    **marks: str,
) -> Eni:
    """The interface at a device index of a node, with its primary and `ips` further addresses."""
    first = IPv4Address(f"10.0.{third}.10") + 32 * number
    addresses = [str(first + each) for each in range(ips + 1)]
    made = eni(*addresses, prefixes=prefixes, eni_id=f"eni-{instance_id}-{number}", subnet_id=subnet_id,
               instance_id=instance_id, **marks)  # type: ignore[arg-type]  # fmt: skip
    return replace(made, device_index=number)


def left_behind(*, age: timedelta = timedelta(days=3), instance_id: str = "i-0dead", ips: int = 9) -> Eni:
    """A detached interface that the CNI made for an instance."""
    addresses = [f"10.0.0.{200 + each}" for each in range(ips)]
    tags = {
        "node.k8s.amazonaws.com/instance_id": instance_id,
        "node.k8s.amazonaws.com/createdAt": f"{NOW - age:%Y-%m-%dT%H:%M:%SZ}",
    }
    return eni(
        *addresses,
        eni_id="eni-0left",
        status="available",
        description=f"aws-K8S-{instance_id}",
        tags=tuple(tags.items()),
    )


def figures(assigned: int, total: int, *, ec2_errors: float = 0) -> CniFigures:
    """What CNI Metrics Helper says of the cluster."""
    return CniFigures(
        cluster="prod-eu",
        observed_at=NOW,
        window=timedelta(minutes=15),
        assigned_ips=assigned,
        total_ips=total,
        ec2_api_errors=ec2_errors,
    )


def place(enis: int | None = 100, *, source: QuotaSource = QuotaSource.APPLIED) -> RegionEvidence:
    """Quotas of the region, and how many interfaces there are."""
    quota = Quota(code="L-DF5E4CA3", name="Network interfaces per Region", value=5000, source=source)
    return RegionEvidence(account_id=PROD, region=REGION, observed_at=NOW, quotas=(quota,), enis=enis)


def waits(
    message: str = "", *, node: str = "ip-0a", number: int = 0, ago: timedelta = timedelta(minutes=3)
) -> WaitingPod:
    """A pod of shop/cart that waits, with an event where there is a message."""
    return WaitingPod(
        namespace="shop",
        name=f"cart-{number}",
        workload="cart",
        since=NOW - ago,
        node=node,
        reason="FailedCreatePodSandBox" if message else "",
        message=message,
        seen_at=NOW - timedelta(minutes=1) if message else None,
    )


def inside(
    *,
    environment: Mapping[str, str] | None = None,
    nodes: tuple[KubernetesNode, ...] = (KubernetesNode(name="ip-0a", instance_id="i-0a", max_pods=29),),
    loads: Mapping[str, PodLoad] | None = None,
    waiting: tuple[WaitingPod, ...] = (),
    cni_pods: tuple[CniPod, ...] = (),
    config_map: Mapping[str, str] | None = None,
    eni_configs: tuple[EniConfig, ...] = (),
    cni_nodes: tuple[CniNode, ...] = (),
    updated: int = 1,
    unread: tuple[tuple[KubernetesPart, str], ...] = (),
) -> KubernetesFacts:
    """What the API of a healthy cluster with one node shows, unless told otherwise."""
    return KubernetesFacts(
        observed_at=NOW,
        daemon_set=CniDaemonSet(
            image="cni:v1.20.4",
            environment=tuple((environment or {"ENABLE_IPv4": "true"}).items()),
            desired=1,
            updated=updated,
            ready=1,
        ),
        cni_pods=cni_pods,
        config_map=tuple((config_map or {}).items()),
        eni_configs=eni_configs,
        cni_nodes=cni_nodes,
        nodes=nodes,
        waiting=waiting,
        waiting_pods=len(waiting),
        loads={"ip-0a": PodLoad(pods=6, with_pool_ip=4)} if loads is None else loads,
        unread=unread,
    )


def estate(
    *,
    free: int | None = 200,
    environment: Mapping[str, str] | None = None,
    enis: tuple[Eni, ...] | None = None,
    nodes: tuple[Node, ...] | None = None,
    others: tuple[Subnet, ...] = (),
    tags: Mapping[str, Mapping[str, str]] | Unread | None = None,
    reservations: tuple[Reservation, ...] = (),
    metrics: CniFigures | Unread | None = None,
    launches: tuple[LaunchFailure, ...] | Unread = (),
    states: Mapping[str, str] | Unread | None = None,
    places: tuple[RegionEvidence, ...] | Unread | None = None,
    throttled: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
    focus_nodes: frozenset[str] = frozenset(),
    focus: frozenset[str] = frozenset(),
    known: bool = True,
    changed: Cluster | None = None,
    read: bool = True,
    cidr: str = "10.0.0.0/24",
    limits: Mapping[str, InstanceLimits] | None = None,
    kubernetes: KubernetesFacts | Unread | None = None,
    addon: CniSettings | None = None,
) -> Evidence:
    """A healthy cluster of one m5.large in a /24, unless told otherwise; everything of it was read."""
    env = tuple((environment or {}).items())
    subnets = (subnet(HOME, cidr, available_ips=free), *others)
    ids = tuple(each.subnet_id for each in subnets)
    source = "addon" if known else "unknown"
    the_cluster = changed or cluster(subnet_ids=(), node_subnet_ids=(HOME,), environment=env, cni_source=source)
    the_enis = (attached(0, 4),) if enis is None else enis
    the_nodes = (node(),) if nodes is None else nodes
    found = contents(*the_enis, subnet_ids=ids, nodes=the_nodes, reservations=reservations)
    if not read:
        found = replace(found, enis=(), enis_read=frozenset(), reservations_read=frozenset())
    settings = settings_as_shipped(dict(env))
    known_limits = {name: instance_limits(name, *size) for name, size in CPU.items()} if limits is None else limits
    rows = standings(subnets, found, LIMITS)
    tagged = tags if isinstance(tags, Unread) else {each: dict((tags or {}).get(each, {})) for each in ids}
    return Evidence(
        now=NOW,
        read_at=NOW,
        subnets={
            each.subnet_id: SubnetView(
                standing=rows[each.subnet_id],
                enis=tuple(one for one in found.enis if one.subnet_id == each.subnet_id),
                reservations=tuple(one for one in reservations if one.subnet_id == each.subnet_id),
                enis_read=read,
                tags=tagged if isinstance(tagged, Unread) else tagged[each.subnet_id],
            )
            for each in subnets
        },
        clusters=(
            ClusterView(
                cluster=the_cluster,
                ref="cluster:prod-eu",
                settings=settings,
                known=known,
                mix=node_mix(the_cluster, found, custom_networking=settings.custom_networking),
                pools=node_pools(the_cluster, found, known_limits),
                figures=metrics or Unread(reason="CNI Metrics Helper publishes nothing", of="prod-eu"),
                launches=launches,
                kubernetes=kubernetes or Unread(reason="the cluster's own API was not asked"),
                addon=addon or the_cluster.cni,
            ),
        ),
        focus=focus,
        focus_nodes=focus_nodes,
        states={} if states is None else states,
        places=(place(),) if places is None else places,
        throttled=throttled,
        missing=missing,
    )
