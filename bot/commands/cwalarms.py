"""`cwalarms SCOPE`: the CloudWatch alarms to have for clusters and their VPCs, beside those that are there."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.alerts.alarm_forms import FORMS
from bot.alerts.alarm_set import ABOVE, MINUTE, ProposedAlarm, cluster_alarms, matched, vpc_alarms
from bot.answers.alerting import AlarmRow, CwAlarmsAnswer
from bot.answers.model import fields
from bot.asking.command import Asked, Request
from bot.aws.quotas import NAU_PER_VPC, NAU_WITH_PEERS
from bot.errors import QueryError, UserError, nearest
from bot.inventory import BlindSpot, Inventory
from bot.inventory.evidence import Asked as Wanted
from bot.inventory.evidence import CloudWatchAlarm
from bot.message import Bullets, Code, Line, Message, Mono, Strong, Text, Tone
from bot.scope import Scope, ScopeKind, clusters_in, nothing_in, read_for, resolve, subnets_in
from bot.services import Services
from bot.views import coverage, footer, plural

CODE_CHARACTERS = 2_800
"""Characters of source in one message: a section of Slack takes 3,000."""

_TOPIC = re.compile(r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]{1,256}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where alarms live: an account and region, with what of the scope is there."""

    account_id: str
    region: str
    clusters: tuple[str, ...]
    vpc_ids: tuple[str, ...]


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The alarms for the clusters and VPCs of a scope: threshold, why, what exists; and how to make what is missing."""
    form, topic = _form(asked), _topic(asked)
    inventory = services.facts().inventory()
    scope = resolve(asked.target, inventory, verb="cwalarms")
    place = _place(scope, inventory)
    account = next(a for a in inventory.accounts if a.account_id == place.account_id)
    wanted = Wanted(clusters=place.clusters, vpc_ids=place.vpc_ids, quota_usage=False)
    evidence = services.reader().evidence(account, place.region, wanted)
    there, blind = _existing(services, inventory, place)
    limits = services.settings.alerts.thresholds(services.settings.thresholds.limits)
    figures = {found.cluster: found for found in evidence.cni}
    usage = {found.vpc_id: found for found in evidence.address_usage}
    quotas = [evidence.quota(code) for code in (NAU_PER_VPC, NAU_WITH_PEERS)]
    values = (quotas[0].value if quotas[0] else None, quotas[1].value if quotas[1] else None)
    proposed = [
        *(alarm for name in place.clusters for alarm in cluster_alarms(name, figures.get(name), limits)),
        *(alarm for vpc_id in place.vpc_ids for alarm in vpc_alarms(vpc_id, usage.get(vpc_id), values, limits)),
    ]
    alarms = [replace(alarm, existing=matched(alarm, there)) for alarm in proposed]
    missing = [alarm for alarm in alarms if alarm.existing is None and alarm.published]
    silent = [alarm for alarm in alarms if not alarm.published]
    source = FORMS[form](missing, place.region, topic) if missing else ""
    exist = len(alarms) - sum(alarm.existing is None for alarm in alarms)
    going = sum(alarm.existing is not None and alarm.existing.state == "ALARM" for alarm in alarms)
    text = (
        f"{scope.words}: {plural(len(alarms), 'alarm')} proposed, {exist} there already"
        f"{f' ({going} in ALARM)' if going else ''}, {len(missing)} to make, {len(silent)} without data."
    )
    covered = coverage(read_for(scope, inventory), (*evidence.blind_spots, *blind))
    return Message(
        text=text,
        tone=Tone.BAD if going else Tone.NEUTRAL,
        verdict=(Strong(scope.words), f": {len(missing)} of {plural(len(alarms), 'alarm')} to make"),
        parts=(
            *_rows("Proposed", [alarm for alarm in alarms if alarm.published]),
            *_no_data(silent, place.region),
            *_code(source, form, missing),
            footer(
                f"cwalarms {scope}",
                evidence.observed_at,
                services.now(),
                "" if topic else "They tell nobody yet: add topic=ARN of an SNS topic. I make none of them.",
            ),
        ),
        command=f"cwalarms {scope}",
        as_of=evidence.observed_at,
        coverage=covered,
        answer=fields(
            CwAlarmsAnswer(
                account_id=place.account_id,
                region=place.region,
                alarms=[_row(alarm) for alarm in alarms],
                form=form,
                source=source,
            )
        ),
    )


def _form(asked: Asked) -> str:
    word = asked.options.get("as", "cli").lower()
    if word not in FORMS:
        close = nearest(word, FORMS, limit=1)
        hint = f"Did you mean `as={close[0]}`?" if close else f"One of {', '.join(FORMS)}."
        raise UserError(f"I do not write alarms as `{word[:20]}`. {hint}", [f"cwalarms {asked.target} as=terraform"])
    return word


def _topic(asked: Asked) -> str:
    topic = asked.options.get("topic", "")
    if topic and not _TOPIC.match(topic):
        raise UserError(
            f"`{topic[:60]}` is no SNS topic; one that works: `topic=arn:aws:sns:eu-west-1:111122223333:ops`."
        )
    return topic


def _place(scope: Scope, inventory: Inventory) -> _Place:
    """The one account and region the scope's clusters and VPCs are in.

    Raises: UserError when there are several, since alarms live in one; QueryError when nothing was read.
    """
    subnets = subnets_in(scope, inventory)
    if not subnets:
        raise nothing_in(scope, inventory)
    clusters = clusters_in(scope, inventory)
    named = scope.kind is ScopeKind.CLUSTER
    if named:
        places = {(cluster.account_id, cluster.region) for cluster in clusters}
    else:
        places = {(subnet.account_id, subnet.region) for subnet in subnets}
    if len(places) != 1:
        choices = [f"cwalarms cluster:{cluster.name}" for cluster in clusters[:5]]
        raise UserError(
            f"Alarms live in one account and region; {scope.words} is in {len(places)}. "
            f"For example `{choices[0] if choices else 'cwalarms prod-eu'}`.",
            choices,
        )
    ((account_id, region),) = places
    vpcs = {cluster.vpc_id for cluster in clusters} if named else {subnet.vpc_id for subnet in subnets}
    own = {vpc.vpc_id for vpc in inventory.vpcs if vpc.account_id == account_id}
    return _Place(
        account_id=account_id,
        region=region,
        clusters=tuple(sorted(c.name for c in clusters if (c.account_id, c.region) == (account_id, region))),
        vpc_ids=tuple(sorted(vpcs & own)),
    )


def _existing(
    services: Services, inventory: Inventory, place: _Place
) -> tuple[tuple[CloudWatchAlarm, ...], tuple[BlindSpot, ...]]:
    """The alarms there are, or why that is not known."""
    account = next(a for a in inventory.accounts if a.account_id == place.account_id)
    try:
        return services.reader().alarms(account, place.region), ()
    except QueryError as exc:
        spot = BlindSpot(
            account_id=place.account_id,
            region=place.region,
            api="DescribeAlarms",
            reason=exc.message,
            observed_at=services.now(),
        )
        return (), (spot,)


def _rows(title: str, alarms: Sequence[ProposedAlarm]) -> tuple[Bullets, ...]:
    items: tuple[Line, ...] = tuple(
        (Strong(alarm.metric), f" at {alarm.threshold:,.0f}: {alarm.why}. ", *_state(alarm)) for alarm in alarms[:10]
    )
    more = f"+{len(alarms) - 10} more" if len(alarms) > 10 else ""
    return (Bullets(title=title, items=items, more=more),) if items else ()


def _state(alarm: ProposedAlarm) -> Line:
    """What exists on the same metric: its name, its own threshold, its state now."""
    there = alarm.existing
    if there is None:
        return ("None there.",)
    at = "" if there.threshold is None else f" at {there.threshold:,.0f}"
    late = there.threshold is not None and there.threshold > alarm.threshold
    off = "" if there.actions_enabled else ", actions off"
    at = f"{at} (later than ours)" if late else at
    return ("There: ", Mono(there.name), f"{at}, {there.state}{off}.")


def _no_data(alarms: Iterable[ProposedAlarm], region: str) -> tuple[Text, ...]:
    """What publishes nothing, and what switches it on: an alarm on it would never say anything."""
    lines: list[Line] = []
    silent = list(alarms)
    clusters = sorted({alarm.dimension[1] for alarm in silent if alarm.period_seconds == MINUTE})
    vpcs = sorted({alarm.dimension[1] for alarm in silent if alarm.metric == "NetworkAddressUsage"})
    if clusters:
        lines.append((f"No CNI Metrics Helper figures of {', '.join(clusters)}: ", Mono("explain cni metrics helper")))
    lines += [
        (
            "No address usage of it is published: ",
            Mono(
                f"aws ec2 modify-vpc-attribute --region {region} --vpc-id {vpc} --enable-network-address-usage-metrics"
            ),
        )
        for vpc in vpcs[:3]
    ]
    return (Text(lines=tuple(lines)),) if lines else ()


def _code(source: str, form: str, alarms: Sequence[ProposedAlarm]) -> tuple[Code, ...]:
    if not source:
        return ()
    whole = ""
    if len(source) > CODE_CHARACTERS:
        whole = ", the beginning; `eksip ask --json` has all"
        source = source[:CODE_CHARACTERS].rpartition("\n\n")[0] or source[:CODE_CHARACTERS]
    return (Code(title=f"{plural(len(alarms), 'alarm')} as {form} (for you to run{whole})", text=source),)


def _row(alarm: ProposedAlarm) -> AlarmRow:
    there = alarm.existing
    return AlarmRow(
        name=alarm.name,
        namespace=alarm.namespace,
        metric=alarm.metric,
        dimensions=dict([alarm.dimension]),
        statistic="Maximum" if alarm.statistic == "Maximum" else "Average",
        period_seconds=alarm.period_seconds,
        comparison=ABOVE,
        threshold=alarm.threshold,
        why=alarm.why,
        published=alarm.published,
        existing=None if there is None else there.name,
        existing_threshold=None if there is None else there.threshold,
        existing_state=None if there is None else there.state,
    )
