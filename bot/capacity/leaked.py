"""Leaked interfaces: what the VPC CNI left behind, proven mark by mark; never a warm one or one being attached."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from bot.capacity.nodes import PREFIX_IPS
from bot.inventory import Eni

INSTANCE_TAG = "node.k8s.amazonaws.com/instance_id"
CREATED_TAG = "node.k8s.amazonaws.com/createdAt"
_UNMANAGED = ("node.k8s.amazonaws.com/no_manage", "true")
_DESCRIPTION = "aws-K8S-"

OLD_ENOUGH = timedelta(minutes=30)
"""Age below which a detached interface may still be on its way to a node: creating, attaching and EC2's retries take
minutes at worst. The CNI's own sweep takes 5 minutes, and runs once an hour.

Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/pkg/awsutils/awsutils.go (eniDeleteCooldownTime,
eniCleanupStartupDelayMax, cleanUpLeakedENIs).
"""

GONE_STATES = frozenset({"terminated"})
"""States of an instance that will never attach an interface again."""


class Doubt(Enum):
    """Why a detached interface of the CNI is not called leaked."""

    AGE = "it was made less than 30 minutes ago, or does not say when"
    OWNER = "its instance still exists"
    NOT_KNOWN = "whether its instance still exists could not be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """An interface that no node will take back: how old it is, whose it was, the addresses it holds."""

    eni: Eni
    instance_id: str
    created_at: datetime
    ips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaks:
    """What is proven to be leaked, and the detached interfaces of the CNI of which it is not, with the reason."""

    proven: tuple[Leak, ...] = ()
    doubted: tuple[tuple[Eni, Doubt], ...] = ()

    @property
    def ips(self) -> int:
        """Addresses that the proven ones hold."""
        return sum(leak.ips for leak in self.proven)


def detached(enis: Iterable[Eni]) -> tuple[Eni, ...]:
    """Interfaces that the CNI made for a node and that are attached to nothing now: the candidates, nothing more."""
    return tuple(eni for eni in enis if _is_candidate(eni))


def leaks(enis: Iterable[Eni], states: Mapping[str, str] | None, now: datetime) -> Leaks:
    """The detached interfaces judged; `states` are the states of their instances by id, None when they were not read.

    Leaked is what is `available`, was made by the CNI for an instance (its description and tag), says that it is older
    than OLD_ENOUGH, and whose instance is terminated or unknown to EC2. An instance that is missing from `states` was
    asked for and does not exist.
    """
    proven: list[Leak] = []
    doubted: list[tuple[Eni, Doubt]] = []
    for eni in detached(enis):
        instance_id, created_at = eni.tag(INSTANCE_TAG) or "", created(eni)
        if created_at is None or now - created_at < OLD_ENOUGH:
            doubted.append((eni, Doubt.AGE))
        elif states is None:
            doubted.append((eni, Doubt.NOT_KNOWN))
        elif states.get(instance_id, "terminated") not in GONE_STATES:
            doubted.append((eni, Doubt.OWNER))
        else:
            held = len(eni.addresses) + PREFIX_IPS * len(eni.prefixes)
            proven.append(Leak(eni=eni, instance_id=instance_id, created_at=created_at, ips=held))
    proven.sort(key=lambda leak: (-leak.ips, leak.eni.eni_id))
    return Leaks(proven=tuple(proven), doubted=tuple(doubted))


def created(eni: Eni) -> datetime | None:
    """When the CNI says that it made the interface; None without its mark, or where that is no time."""
    try:
        moment = datetime.fromisoformat(eni.tag(CREATED_TAG) or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_candidate(eni: Eni) -> bool:
    return (
        eni.status == "available"
        and eni.instance_id is None
        and eni.device_index is None
        and not eni.requester_managed
        and eni.description.startswith(_DESCRIPTION)
        and bool(eni.tag(INSTANCE_TAG))
        and _UNMANAGED not in eni.tags
    )
