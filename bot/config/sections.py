"""The sections of eksip.toml: each setting with its default and one sentence of help."""

from dataclasses import fields
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

from bot.alerts.rules import RULES
from bot.alerts.thresholds import Thresholds
from bot.capacity.subnets import Limits
from bot.config.values import (
    AccountId,
    Address,
    ChannelId,
    Duration,
    GroupId,
    Interval,
    Region,
    RoleArn,
    RoleName,
    SecretAddress,
    SeenIn,
    SlashCommand,
    UserId,
    one_or_many,
)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSettings(_Section):
    """[slack]: how the bot reaches Slack. The tokens come from the environment only."""

    api_url: Address = Field("https://slack.com/api/", description="Base address of the Slack Web API.")
    command: SlashCommand = Field("/eksip", description="The slash command of the manifest.")
    workers: int = Field(8, ge=1, le=64, description="Commands worked on at the same time; more wait in line.")
    fallback_channel: ChannelId | None = Field(
        None, description="Channel id that gets the alerts of channels Slack refuses for good."
    )
    sockets: int = Field(2, ge=1, le=10, description="Socket Mode connections held at once (Slack allows 10).")


class AccountSettings(_Section):
    """[[aws.accounts]]: one account to read, and the role (or chain of roles) to assume for it."""

    account_id: AccountId = Field(description="The twelve digits of the account.")
    name: str = Field("", max_length=64, description="How people call it; the account id where left out.")
    role_arn: Annotated[list[RoleArn], BeforeValidator(one_or_many)] = Field(
        [], description="Role to assume; a list is a chain, assumed in order; left out for the caller's own account."
    )
    external_id: SecretStr | None = Field(None, description="ExternalId that the role's trust policy asks for.")
    regions: list[Region] | None = Field(None, description="Regions of this account, in place of aws.regions.")


class OrganizationSettings(_Section):
    """[aws.organization]: find the accounts through AWS Organizations, besides those of [[aws.accounts]]."""

    role_name: RoleName = Field(
        "", description='Role to assume in every active account, for example "eksip-reader"; empty: no discovery.'
    )
    external_id: SecretStr | None = Field(None, description="ExternalId that the trust policies of the roles ask for.")
    list_role_arn: Annotated[list[RoleArn], BeforeValidator(one_or_many)] = Field(
        [],
        description="Role, or chain of roles, to assume for ListAccounts: in the management account or a delegated "
        "administrator; left out where the bot runs in one.",
    )
    first_role_arn: Annotated[list[RoleArn], BeforeValidator(one_or_many)] = Field(
        [], description="Role, or chain of roles, to assume before each account's own, where all trust only that one."
    )
    without: list[AccountId] = Field([], description="Accounts of the organization that are not read.")


class AwsSettings(_Section):
    """[aws]: which accounts and regions are read."""

    regions: list[Region] = Field([], description="Regions to read; [] means every region enabled in each account.")
    accounts: list[AccountSettings] = Field([], description="Accounts to read; without any, the caller's own.")
    workers: int = Field(8, ge=1, le=64, description="Accounts and regions read at the same time.")
    calls_per_second: float = Field(
        5,
        ge=0.1,
        le=20,
        description="Calls a second of one API in one account and region at most; EC2 refills 20, shared with "
        "Karpenter and the CNI.",
    )
    organization: OrganizationSettings = OrganizationSettings()

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        named = [account.account_id for account in self.accounts]
        twice = sorted({account_id for account_id in named if named.count(account_id) > 1})
        if twice:
            raise ValueError(f"each account may be named once (`accounts` names {', '.join(twice)} twice)")
        return self


class ThresholdSettings(_Section):
    """[thresholds]: when a subnet counts as low, and for how long before somebody is told."""

    floor_ips: int = Field(
        8,
        ge=0,
        description="Fewer free addresses than this is critical whatever the size "
        "(load balancers need 8); capped at half of a small subnet's usable addresses.",
    )
    low_pct: float = Field(10, ge=0, le=100, description="Free below this percentage of usable addresses is low.")
    critical_pct: float = Field(5, ge=0, le=100, description="Free below this percentage is critical.")
    clear_pct: float = Field(
        12, ge=0, le=100, description="Free must be back above this percentage before recovery starts."
    )
    hold: Duration = Field(timedelta(minutes=5), description="How long a subnet must stay low before the alert fires.")
    recover: Duration = Field(
        timedelta(minutes=10), description="How long it must stay above clear_pct before the alert is resolved."
    )

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.critical_pct <= self.low_pct <= self.clear_pct:
            raise ValueError(
                f"must rise from critical_pct to low_pct to clear_pct, for example 5, 10, 12 "
                f"(read {self.critical_pct:g}, {self.low_pct:g}, {self.clear_pct:g})"
            )
        return self

    @property
    def limits(self) -> Limits:
        """The thresholds as the capacity engine takes them."""
        return Limits(
            floor_ips=self.floor_ips,
            low_pct=self.low_pct,
            critical_pct=self.critical_pct,
            clear_pct=self.clear_pct,
        )


class AlertSettings(_Section):
    """[alerts]: which rules speak beside low subnets, and from which figures on."""

    rules_off: list[str] = Field([], description="Names of rules that never speak, for example vpc_cidr_quota.")
    repeat: Interval = Field(
        timedelta(hours=4), description="How often an alert that fires on and that nobody acked is told again."
    )
    cloudwatch: bool = Field(
        True,
        description="Read CNI Metrics Helper, NAU and quota usage from CloudWatch, which bills each metric asked for.",
    )
    blocks_floor: int = Field(
        8, ge=0, description="Fewer free /28 blocks are a warning where nodes run in prefix mode; capped at half."
    )
    blocks_low_pct: float = Field(5, ge=0, le=100, description="Free /28 blocks below this percentage are a warning.")
    blocks_critical: int = Field(2, ge=0, description="Fewer free /28 blocks than this are critical.")
    nodes_fit: int = Field(3, ge=0, description="Fewer more nodes that fit a node group's subnets are a warning.")
    nodes_fit_critical: int = Field(1, ge=0, description="Fewer more nodes that fit than this are critical.")
    control_plane_ips: int = Field(5, ge=0, description="Free addresses that EKS needs in each cluster subnet.")
    load_balancer_ips: int = Field(8, ge=0, description="Free addresses that a load balancer needs in a subnet.")
    burn_warning: Duration = Field(timedelta(hours=3), description="Nothing left within this time is a warning.")
    burn_critical: Duration = Field(timedelta(hours=1), description="Nothing left within this time is critical.")
    cni_saturation_pct: float = Field(
        85, ge=0, le=100, description="Pods using this percentage of what all nodes can hold is a warning."
    )
    cni_saturation_critical_pct: float = Field(95, ge=0, le=100, description="The same, critical.")
    cni_errors: int = Field(10, ge=1, description="Errors of ipamd and its EC2 calls in 15 minutes that are a warning.")
    cni_errors_critical: int = Field(100, ge=1, description="Errors of them in 15 minutes that are critical.")
    eni_quota_pct: float = Field(80, ge=0, le=100, description="Network interfaces in use, percent of the quota.")
    nau_quota_pct: float = Field(75, ge=0, le=100, description="Network Address Usage, percent of the quota.")
    quota_critical_pct: float = Field(95, ge=0, le=100, description="Percent of either quota that is critical.")
    blind_polls: int = Field(3, ge=1, description="Failed reads in a row after which an account or region is blind.")

    @field_validator("rules_off")
    @classmethod
    def _known_rules(cls, names: list[str]) -> list[str]:
        known = [rule.name for rule in RULES]
        if unknown := [name for name in names if name not in known]:
            raise ValueError(f"{unknown[0]!r} is no rule; the rules are {', '.join(known)}")
        return names

    @model_validator(mode="after")
    def _worse_is_further(self) -> Self:
        pairs = {
            "nodes_fit_critical must not be more than nodes_fit": (self.nodes_fit_critical, self.nodes_fit),
            "burn_critical must not be more than burn_warning": (
                self.burn_critical.total_seconds(),
                self.burn_warning.total_seconds(),
            ),
            "cni_saturation_pct must not be more than cni_saturation_critical_pct": (
                self.cni_saturation_pct,
                self.cni_saturation_critical_pct,
            ),
            "cni_errors must not be more than cni_errors_critical": (self.cni_errors, self.cni_errors_critical),
        }
        for problem, (least, most) in pairs.items():
            if least > most:
                raise ValueError(f"{problem} (read {least:g} and {most:g})")
        return self

    def thresholds(self, limits: Limits) -> Thresholds:
        """The figures as the rules take them, with the limits of low subnets."""
        own = {name: getattr(self, name) for name in type(self).model_fields if name in _RULE_FIGURES}
        return Thresholds(subnets=limits, **own, burn_clear=2 * self.burn_warning)


_RULE_FIGURES = frozenset(field.name for field in fields(Thresholds))


class ScheduleSettings(_Section):
    """[schedule]: how often AWS is read."""

    poll: Interval = Field(timedelta(minutes=5), description="Time between two reads of every subnet.")
    hot: Interval = Field(
        timedelta(seconds=60),
        description="Time between two reads of an account and region with an alert or a subnet that is nearly empty.",
    )
    interfaces: Interval = Field(
        timedelta(minutes=15),
        description="Time between two counts of free /28 blocks where nodes take prefixes and figures do not tell.",
    )
    slow: Interval = Field(timedelta(minutes=15), description="Time between two reads of clusters and node groups.")


class MetricsSettings(_Section):
    """[metrics]: what /metrics shows of the estate besides the bot itself."""

    most_subnets: int = Field(
        500, ge=0, le=20_000, description="Subnets with series of their own, those with the smallest share free first."
    )


class KubernetesSettings(_Section):
    """[kubernetes]: clusters' own APIs, asked by `why`; needs the extra and the rights of deploy/k8s/cluster-reader."""

    enabled: Literal["auto", "never"] = Field(
        "auto", description='"auto" asks where the extra is installed, "never" asks no cluster.'
    )
    clusters: list[str] = Field([], description="Names of the clusters that are asked; [] means each.")
    in_cluster: str = Field(
        "", description="Name of the cluster that eksip runs in, to be asked with the pod's service account."
    )
    timeout: Interval = Field(
        timedelta(seconds=6), description="How long an answer waits for one cluster's API, 9s at most."
    )
    page: int = Field(500, ge=10, le=1000, description="Objects asked for at once.")
    most_pods: int = Field(20_000, ge=100, description="Pods read of one cluster at most; with more, none are counted.")

    @field_validator("timeout")
    @classmethod
    def _within_an_answer(cls, timeout: timedelta) -> timedelta:
        if timeout > timedelta(seconds=9):
            raise ValueError("must be at most 9s: an answer waits for 10 s altogether")
        return timeout


class WatchSettings(_Section):
    """[[watches]]: a channel that is told about a scope, as `/eksip watch` sets up from Slack."""

    channel: ChannelId = Field(description="Channel id, from the channel's details in Slack.")
    scope: str = Field("all", description="What to watch: all, cluster:NAME, subnet:NAME, account:NAME, …")


class NotifySettings(_Section):
    """[notify]: ways out beside Slack. An address here is a secret: nothing logs more of it than its host."""

    webhook_url: SecretAddress | None = Field(
        None, description="Receiver of critical alerts that Slack has not taken, in the form of Alertmanager's webhook."
    )
    after: Interval = Field(
        timedelta(minutes=10), description="How long an alert waits for Slack before it goes to webhook_url."
    )
    heartbeat_url: SecretAddress | None = Field(
        None, description="Address of a dead-man's switch, asked (GET) after each completed sweep."
    )


class ChannelMaySettings(_Section):
    """[[access.channels_may]]: what a channel may see; with one entry, all channels see only what an entry names."""

    channel: SeenIn = Field(description='Channel id; "*" is for every channel and person that no other entry names.')
    scopes: list[str] = Field([], description="What is seen there: all, account:NAME, cluster:NAME, vpc:NAME, …")


class PeopleMaySettings(_Section):
    """[[access.people_may]]: what people see in direct messages with the bot, where no channel decides."""

    users: list[UserId] = Field([], description="User ids.")
    scopes: list[str] = Field([], description="What they see there.")


class AccessSettings(_Section):
    """[access]: who may do more than read, and what is seen where. Every full member of the workspace may read."""

    writers: list[UserId] = Field(
        [],
        description="User ids that may change something (ack, silence, maintenance, watch); without any of the three "
        "lists of writers, every full member may.",
    )
    writer_groups: list[GroupId] = Field(
        [], description="User groups whose members may as well; needs the scope usergroups:read."
    )
    writer_channels: list[ChannelId] = Field([], description="Channels in which everybody may as well.")
    channels: list[ChannelId] = Field(
        [], description="Channel ids the bot answers in; [] means everywhere it is asked."
    )
    per_minute: int = Field(20, ge=1, le=600, description="Questions a person may ask in a minute, in Slack.")
    channels_may: list[ChannelMaySettings] = Field([], description="What each channel may see.")
    people_may: list[PeopleMaySettings] = Field([], description="What people see in direct messages.")

    @property
    def limits_writing(self) -> bool:
        """Whether only some may change something."""
        return bool(self.writers or self.writer_groups or self.writer_channels)

    @property
    def limits_seeing(self) -> bool:
        """Whether what is seen depends on where it is asked."""
        return bool(self.channels_may or self.people_may)
