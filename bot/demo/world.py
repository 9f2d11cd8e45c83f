"""A deterministic AWS estate in this process: several accounts, regions and clusters on moto, with its gaps filled.

Nothing that reads it can tell: ordinary boto3 clients made while the world is active, from any thread, with the
credentials it hands out, get its answers. The accounts, subnets and clusters are in `estate_plan`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from types import TracebackType
from typing import Any, Self

import botocore.loaders
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.model import ServiceModel

from bot.demo.allocator import SubnetSpace
from bot.demo.demand import Demand
from bot.demo.estate import Estate
from bot.demo.estate_build import EstateBuilder, cni_metrics
from bot.demo.estate_metrics import address_usage, put_alarm, quota_usage
from bot.demo.estate_plan import ACCOUNTS, PROD, REGIONS, VPCS
from bot.demo.faults import Faults
from bot.demo.gaps import Gaps, TrustedRole
from bot.demo.kubernetes_objects import ClusterObjects
from bot.demo.kubernetes_server import KubernetesServer

DEFAULT_NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
"""The moment the estate is dated at when none is given, so that tests see the same dates every day."""

_ACCESS_KEY = "AKIADEMODEMODEMODEMO"
_SECRET = "demo-secret-access-key"  # noqa: S105 - opens nothing outside this process
"""Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html (a call's limit)."""
_CLIENT_OPTIONS: dict[str, Any] = {"ignore_configured_endpoint_urls": True}
"""The estate is built in this process even where AWS_ENDPOINT_URL points the product elsewhere."""


class World:
    """The demo's AWS while the context is entered; `faults` switches failures on and off.

    `kubernetes` serves the clusters' own APIs on a loopback port.
    """

    def __init__(self, seed: int = 7, now: datetime = DEFAULT_NOW) -> None:
        self.faults = Faults()
        self._seed = seed
        self._estate = Estate(seed=seed, now=now)
        self._builder = EstateBuilder(self._estate, self._client)
        self._demand = Demand(self._estate, self._builder)
        self._objects = ClusterObjects(self._estate, self._builder.eni_limits.__getitem__)
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._builder_keys = {account.account_id: f"AKIABUILDER{account.account_id}" for account in ACCOUNTS}

    def __enter__(self) -> Self:
        """Start moto and the gaps, and build the estate."""
        from moto import mock_aws
        from moto.backends import get_backend
        from moto.core.models import botocore_stubber
        from moto.moto_api._internal import mock_random

        # moto would put its own keys into the environment and replace boto3's default session.
        mock = mock_aws(config={"core": {"mock_credentials": False, "reset_boto3_session": False}})
        with ExitStack() as undo, _models_read_once():
            undo.enter_context(_without_machine_images())
            mock.start()
            undo.callback(mock.stop)
            ec2_model = botocore.session.get_session().get_service_model("ec2")
            gaps = self._gaps(botocore_stubber, ec2_model)
            gaps.start()
            undo.callback(gaps.stop)
            self.kubernetes = undo.enter_context(KubernetesServer(self._objects, gaps.secret_of))
            self._estate.kubernetes = lambda key: (self.kubernetes.endpoint(key), self.kubernetes.ca_data)
            self._session = botocore.session.get_session()
            for number, plan in enumerate(VPCS):
                # moto draws ids from the same source when it first meets an account and region: meet first, then seed.
                for service in ("ec2", "eks"):
                    get_backend(service)[plan.account_id][plan.region]
                mock_random.seed(self._seed * len(VPCS) + number)
                self._builder.build(plan)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Undo every hook and forget the estate."""
        self._undo.close()

    def config(self) -> dict[str, object]:
        """The `[aws]` configuration that reads this estate, in the shape of eksip.toml."""
        return {
            "aws": {
                "regions": list(REGIONS),
                "accounts": [
                    {
                        "account_id": account.account_id,
                        "name": account.name,
                        **(
                            {"role_arn": _role_arn(account.account_id), "external_id": account.external_id}
                            if account.external_id
                            else {}
                        ),
                    }
                    for account in ACCOUNTS
                ],
            }
        }

    def credentials(self) -> dict[str, str]:
        """The environment variables with which boto3 acts as the caller in the prod account."""
        return {
            "AWS_ACCESS_KEY_ID": _ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_DEFAULT_REGION": REGIONS[0],
        }

    def subnet_id(self, name: str) -> str:
        """The id of the subnet with this Name tag.

        Raises: KeyError when no subnet or several carry it.
        """
        return self._estate.subnet(name).subnet_id

    def allocator(self, subnet: str) -> SubnetSpace:
        """The address space of a subnet by id or name, to compare answers with the truth."""
        return self._estate.subnet(subnet).space

    def spaces(self) -> Mapping[str, tuple[str, SubnetSpace]]:
        """Every subnet's Name tag and address space, by subnet id."""
        return {subnet.subnet_id: (subnet.name, subnet.space) for subnet in self._estate.subnets.values()}

    def take(self, subnet: str, addresses: int) -> int:
        """Take up to `addresses` in the subnet as a growing cluster does; returns how many were free to take."""
        return self._demand.take(self._estate.subnet(subnet), addresses)

    def give_back(self, subnet: str, addresses: int | None = None) -> int:
        """Give back up to `addresses` of what take() took, all of it by default; returns how many."""
        return self._demand.give_back(self._estate.subnet(subnet), addresses)

    def set_nodegroup_issues(self, cluster: str, nodegroup: str, issues: Sequence[Mapping[str, object]]) -> None:
        """Let DescribeNodegroup report these health issues: code, message and resourceIds, as EKS writes them."""
        with self._estate.lock:
            for account_id, region, name in self._estate.clusters:
                if name == cluster:
                    self._estate.nodegroup_issues[account_id, region, name, nodegroup] = list(issues)

    def fail_launches(self, cluster: str, nodegroup: str, message: str, started_at: datetime) -> None:
        """Let the node group's Auto Scaling group report a failed launch with EC2's words for it."""
        with self._estate.lock:
            for account_id, region, name in self._estate.clusters:
                if name == cluster:
                    failed = self._estate.failed_launches.setdefault((account_id, region, name, nodegroup), [])
                    failed.append((started_at, message))

    def tag_subnet(self, subnet: str, tags: Mapping[str, str]) -> None:
        """Set tags of a subnet, as somebody with the console does."""
        with self._estate.lock:
            state = self._estate.subnet(subnet)
            state.tags = {**state.tags, **tags}

    def _gaps(self, moto: Callable[[str, AWSPreparedRequest], AWSResponse | None], ec2_model: ServiceModel) -> Gaps:
        return Gaps(
            self._estate,
            self.faults,
            moto=moto,
            ec2_model=ec2_model,
            access_keys={_ACCESS_KEY: PROD},
            secrets={_ACCESS_KEY: _SECRET},
            builder_keys={key: account_id for account_id, key in self._builder_keys.items()},
            before_first={"cloudwatch": self._put_metrics},
            caller_arn=f"arn:aws:iam::{PROD}:user/eksip",
            roles=[
                TrustedRole(
                    role_arn=_role_arn(account.account_id),
                    account_id=account.account_id,
                    external_id=account.external_id,
                )
                for account in ACCOUNTS
                if not account.blind
            ],
        )

    def _put_metrics(self) -> None:
        """Fill CloudWatch through moto's own model: thousands of datapoints take a second over its API."""
        from moto.cloudwatch.models import cloudwatch_backends

        def put(account_id: str, region: str, namespace: str, points: Iterator[dict[str, Any]]) -> None:
            naive = [{**point, "Timestamp": point["Timestamp"].replace(tzinfo=None)} for point in points]
            if naive:  # moto keeps naive UTC
                cloudwatch_backends[account_id][region].put_metric_data(namespace, naive)

        for plan in VPCS:
            if plan.cluster is not None and plan.cluster.metrics:
                points = cni_metrics(self._estate, self._builder, plan, plan.cluster)
                put(plan.account_id, plan.region, "Kubernetes", points)
        for account_id, region in dict.fromkeys((plan.account_id, plan.region) for plan in VPCS):
            put(account_id, region, "AWS/EC2", address_usage(self._estate, account_id, region))
            put(account_id, region, "AWS/Usage", quota_usage(self._estate, account_id, region))
            put_alarm(cloudwatch_backends[account_id][region], account_id, region)

    def _client(self, service: str, account_id: str, region: str) -> Any:
        key = (service, account_id, region)
        if key not in self._clients:
            self._clients[key] = self._session.create_client(
                service,
                region_name=region,
                aws_access_key_id=self._builder_keys[account_id],
                aws_secret_access_key=_SECRET,
                config=Config(**_CLIENT_OPTIONS),
            )
        return self._clients[key]


def _role_arn(account_id: str) -> str:
    return f"arn:aws:iam::{account_id}:role/eksip-reader"


@contextmanager
def _without_machine_images() -> Iterator[None]:
    """moto without the 1,300 machine images it loads for every account and region, 0.2 s each."""
    settings: Any = import_module("moto.settings")
    load_images = settings.ec2_load_default_amis
    settings.ec2_load_default_amis = lambda: False
    try:
        yield
    finally:
        settings.ec2_load_default_amis = load_images


@contextmanager
def _models_read_once() -> Iterator[None]:
    """botocore's service models and endpoints read once, not by each session moto makes: saves a second."""
    loader: Any = botocore.loaders.JSONFileLoader
    load_file = loader.load_file
    read: dict[str, Any] = {}

    def load_once(self: object, file_path: str) -> Any:
        if file_path not in read:
            read[file_path] = load_file(self, file_path)
        return read[file_path]

    loader.load_file = load_once
    try:
        yield
    finally:
        loader.load_file = load_file
