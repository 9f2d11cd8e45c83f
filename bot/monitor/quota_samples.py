"""Samples of VPCs, regions and the CNI's own figures, from CloudWatch and Service Quotas."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.alerts.samples import CniSample, RegionSample, VpcSample
from bot.aws.quotas import CIDRS_PER_VPC, ENIS_PER_REGION, NAU_PER_VPC, NAU_WITH_PEERS
from bot.inventory import Cluster, Inventory, Vpc
from bot.inventory.evidence import RegionEvidence

Place = tuple[str, str]
"""Account id and region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfVpc:
    """A sample of a VPC, with the VPC."""

    vpc: Vpc
    sample: VpcSample


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCluster:
    """A sample of a cluster's CNI, with the cluster."""

    cluster: Cluster
    sample: CniSample


def vpc_samples(inventory: Inventory, evidence: Mapping[Place, RegionEvidence]) -> Iterator[OfVpc]:
    """The CIDR blocks and the address usage of each VPC against the quotas of the account that owns it.

    The two have samples of their own: the usage metric has one value a day. Of a VPC whose owner is not read nothing
    is known of its quotas.
    """
    for vpc in inventory.vpcs:
        found = evidence.get((vpc.account_id, vpc.region))
        if found is None:
            continue
        cidrs = found.quota(CIDRS_PER_VPC)
        if cidrs is not None:
            sample = VpcSample(
                vpc_id=vpc.vpc_id, observed_at=found.observed_at, cidrs=len(vpc.cidrs), cidr_quota=cidrs.value
            )
            yield OfVpc(vpc=vpc, sample=sample)
        usage = next((usage for usage in found.address_usage if usage.vpc_id == vpc.vpc_id), None)
        own, peered = found.quota(NAU_PER_VPC), found.quota(NAU_WITH_PEERS)
        if usage is not None and own is not None and peered is not None:
            sample = VpcSample(
                vpc_id=vpc.vpc_id,
                observed_at=usage.observed_at,
                nau=usage.units,
                nau_quota=own.value,
                peered_nau=usage.peered_units,
                peered_nau_quota=peered.value,
            )
            yield OfVpc(vpc=vpc, sample=sample)


def region_samples(evidence: Iterable[RegionEvidence]) -> Iterator[RegionSample]:
    """The interfaces of each account and region against the quota; none where nothing counts them."""
    for found in evidence:
        quota = found.quota(ENIS_PER_REGION)
        if quota is not None and found.enis is not None:
            yield RegionSample(
                account_id=found.account_id,
                region=found.region,
                observed_at=found.observed_at,
                enis=found.enis,
                eni_quota=quota.value,
            )


def cni_samples(inventory: Inventory, evidence: Mapping[Place, RegionEvidence]) -> Iterator[OfCluster]:
    """What CNI Metrics Helper published of each cluster."""
    for cluster in inventory.clusters:
        found = evidence.get((cluster.account_id, cluster.region))
        figures = next((each for each in found.cni if each.cluster == cluster.name), None) if found else None
        if figures is not None:
            sample = CniSample(
                account_id=cluster.account_id,
                region=cluster.region,
                cluster=cluster.name,
                observed_at=figures.observed_at,
                assigned_ips=figures.assigned_ips,
                max_ips=figures.max_ips,
                ipamd_errors=figures.ipamd_errors,
                ec2_api_errors=figures.ec2_api_errors,
                window=figures.window,
            )
            yield OfCluster(cluster=cluster, sample=sample)
