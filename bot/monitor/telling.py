"""Telling: what every channel hears of the alerts as they stand now, and what it does not and why."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.alerts.acks import Ack
from bot.alerts.alert import Alert, AlertStatus, Transition
from bot.alerts.group_notices import repeat_note
from bot.alerts.grouping import Group, groups, worst_first
from bot.alerts.notify import Action, Around, Decision, Said, Why, decide, is_over
from bot.alerts.silences import Silence
from bot.alerts.subject import SubjectKind
from bot.monitor.audience import NOBODY, Audience
from bot.monitor.cadence import Cadence
from bot.store import Entry, Log, Notice, Untold, Verdicts

HELD_BACK = frozenset(
    {
        Why.STALE,
        Why.QUIET_HOURS,
        Why.SILENCED,
        Why.INHIBITED,
        Why.AWAITS_PARENT,
        Why.GROUP_WAIT,
        Why.ACKED,
        Why.NEVER_TOLD,
    }
)
"""Reasons that keep something from being told: recorded, so that "why did I not hear" has an answer."""

_OPEN = (AlertStatus.FIRING, AlertStatus.RECOVERING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlays:
    """What people did about alerts, as it stands now."""

    acks: tuple[Ack, ...] = ()
    silences: tuple[Silence, ...] = ()


class Teller:
    """Decides for one moment what the channels hear, by `notify.decide` for each channel and card.

    `stored` gives the alerts with these numbers that are still stored, `told` which of them each channel was told of.
    """

    def __init__(
        self,
        audience: Audience,
        overlays: Overlays,
        cadence: Cadence,
        stored: Callable[[Iterable[int]], Iterable[Alert]],
        told: Callable[[Iterable[int]], Collection[tuple[str, int]]],
        *,
        repeat: timedelta,
        now: datetime,
    ) -> None:
        self._audience = audience
        self._overlays = overlays
        self._cadence = cadence
        self._stored = stored
        self._told = told
        self._repeat = repeat
        self._now = now

    def verdicts(self, live: Sequence[Alert], log: Log) -> Verdicts:
        """What to send and what not, of every open alert and those that ended lately.

        What ended before stays on the card it was told of until that is over.
        """
        placed = _placed(log)
        heard, untold = self._heard(live, log, self._of_earlier_cards(live, placed))
        kin, past = _Kin(live), self._past(live, log)
        notices: list[Notice] = []
        cards: set[tuple[str, str]] = set()
        for channel, alerts in heard.items():
            for found in groups(alerts, placed[channel]):
                key = (channel, found.group_key)
                cards.add(key)
                around = self._around(channel, found, kin.of(found))
                entry = log.get(key)
                group = found if entry is None else self._with_past(found, entry, past)
                decision = decide(group, None if entry is None else entry.said, around)
                if decision.action is not Action.NOTHING and decision.said is not None:
                    notices.append(_notice(channel, group, entry, decision, decision.said))
                untold += self._not_told(channel, found, entry, decision, around)
        return Verdicts(
            notices=tuple(notices),
            untold=tuple(untold),
            over=tuple(key for key in log if key not in cards),
        )

    def _of_earlier_cards(
        self, live: Iterable[Alert], placed: Mapping[str, Collection[int]]
    ) -> Collection[tuple[str, int]]:
        """What ended, by channel, on a card that is over: the next card of its place does not tell of it again.

        By the times alone it would, where a clock that jumped ahead and was set back ends a card too soon.
        """
        ended = {a.alert_id for a in live if a.status is AlertStatus.RESOLVED and a.alert_id is not None}
        if not ended.difference(*placed.values()):
            return ()
        return [(channel, i) for channel, i in self._told(ended) if i not in placed.get(channel, ())]

    def _heard(
        self, live: Iterable[Alert], log: Log, earlier: Collection[tuple[str, int]]
    ) -> tuple[Mapping[str, list[Alert]], list[Untold]]:
        """The alerts on the cards of each channel: those it watches and wants, and those it was told of before.

        None of those `earlier` told to it on another card.
        """
        known: defaultdict[int, set[str]] = defaultdict(set)
        for entry in log.values():
            known[entry.alert_id].add(entry.channel)
            for told in entry.said.firing:
                known[told.alert_id].add(entry.channel)
        heard: defaultdict[str, list[Alert]] = defaultdict(list)
        untold: list[Untold] = []
        for alert in live:
            if alert.alert_id is None or alert.status is AlertStatus.PENDING:
                continue
            wanted = dict(self._audience.channels(alert))
            channels = known[alert.alert_id] | {channel for channel, refusal in wanted.items() if not refusal}
            for channel in sorted(channels):
                if (channel, alert.alert_id) in earlier:
                    continue
                if (shown := self._audience.shown(channel, alert)) is not None:
                    heard[channel].append(shown)
            if alert.status not in _OPEN:
                continue
            untold += (
                Untold(alert_id=alert.alert_id, channel=channel, reason=refusal)
                for channel, refusal in wanted.items()
                if refusal and channel not in channels
            )
            if not wanted and not channels:
                untold.append(Untold(alert_id=alert.alert_id, channel="", reason=NOBODY))
        return heard, untold

    def _past(self, live: Iterable[Alert], log: Log) -> Mapping[int, Alert]:
        """The alerts on cards that are neither open nor ended lately."""
        wanted = {alert_id for entry in log.values() for alert_id in entry.alert_ids}
        wanted -= {alert.alert_id for alert in live if alert.alert_id is not None}
        found = self._stored(wanted) if wanted else ()
        return {a.alert_id: a for a in found if a.alert_id is not None and a.status is AlertStatus.RESOLVED}

    def _with_past(self, group: Group, entry: Entry, past: Mapping[int, Alert]) -> Group:
        """The card with what ended long ago on it; of one problem the newest alert.

        One that begins where another is over has nothing of what that one told.
        """
        if group.firing and is_over(entry.said, self._now):
            fresh = [a for a in group.alerts if a.status in _OPEN or a.alert_id not in entry.alert_ids]
            return replace(group, alerts=tuple(fresh))
        newest = {(past[i].rule, past[i].scope_key): past[i] for i in sorted(past.keys() & set(entry.alert_ids))}
        present = {(alert.rule, alert.scope_key) for alert in group.alerts}
        more = [
            shown
            for problem, alert in newest.items()
            if problem not in present and (shown := self._audience.shown(entry.channel, alert)) is not None
        ]
        return replace(group, alerts=tuple(sorted((*group.alerts, *more), key=worst_first))) if more else group

    def _around(self, channel: str, group: Group, kin: tuple[Alert, ...]) -> Around:
        return Around(
            channel=channel,
            now=self._now,
            poll=self._cadence.poll,
            stale_after=max(self._cadence.longest_gap(alert.rule) for alert in group.alerts),
            repeat=self._repeat,
            acks=self._overlays.acks,
            silences=self._overlays.silences,
            quiet=self._audience.quiet,
            open_alerts=kin,
        )

    def _not_told(
        self, channel: str, group: Group, entry: Entry | None, decision: Decision, around: Around
    ) -> Iterable[Untold]:
        """Each alert of the card that the channel does not hear of now, with its own reason."""
        told = {told.alert_id for told in (decision.said.firing if decision.said is not None else ())}
        said = None if entry is None else entry.said
        for alert in group.alerts:
            if alert.alert_id is None or alert.alert_id in told:
                continue
            alone = decision
            if len(group.alerts) > 1 and alert.status in _OPEN:
                alone = decide(replace(group, alerts=(alert,)), said, around)
            if alone.why in HELD_BACK:
                yield Untold(alert_id=alert.alert_id, channel=channel, reason=alone.why.value, detail=alone.detail)


class _Kin:
    """Which open alerts can explain those of a card: what contains their subject, or is about the same one.

    With thousands of alerts open, asking each about each would take minutes.
    """

    def __init__(self, live: Iterable[Alert]) -> None:
        self._wide: defaultdict[str, list[Alert]] = defaultdict(list)
        self._same: defaultdict[str, list[Alert]] = defaultdict(list)
        for alert in live:
            if alert.status is AlertStatus.RESOLVED:
                continue
            if alert.scope_kind in _WIDE:
                self._wide[alert.account_id].append(alert)
            self._same[alert.scope_key].append(alert)

    def of(self, group: Group) -> tuple[Alert, ...]:
        """The open alerts that may explain one of the card's."""
        accounts = {alert.account_id for alert in group.alerts}
        keys = {alert.scope_key for alert in group.alerts}
        wide = (alert for account_id in accounts for alert in self._wide.get(account_id, ()))
        same = (alert for key in keys for alert in self._same.get(key, ()))
        return tuple({id(alert): alert for alert in (*wide, *same)}.values())


def _placed(log: Log) -> Mapping[str, Mapping[int, str]]:
    """Of each channel the card on which each alert was told of."""
    placed: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for (channel, group_key), entry in log.items():
        placed[channel].update(dict.fromkeys(entry.alert_ids, group_key))
    return placed


_WIDE = (SubjectKind.AZ, SubjectKind.VPC, SubjectKind.REGION, SubjectKind.ACCOUNT)


def _notice(channel: str, group: Group, entry: Entry | None, decision: Decision, said: Said) -> Notice:
    """The version of the card to send: under the alert that has the channel's message, else under the worst."""
    before = {} if entry is None else {told.alert_id: told for told in entry.said.firing}
    silent = decision.action is Action.EDIT and decision.why is not Why.ALL_RESOLVED
    news = tuple(told.alert_id for told in said.firing if before.get(told.alert_id) != told)
    return Notice(
        channel=channel,
        group_key=group.group_key,
        alert_id=group.lead.alert_id or 0 if entry is None or decision.action is Action.POST else entry.alert_id,
        kind=_kind(decision),
        said=said,
        why=decision.why.value,
        heard=() if silent else news or tuple(before),
        reply=repeat_note(group, decision.why.value, news) if decision.action is Action.REPLY else None,
    )


def _kind(decision: Decision) -> Transition:
    """How urgent the version is, as the outbox ranks it: a mere change may wait, everything else goes at once."""
    if decision.why is Why.ALL_RESOLVED:
        return Transition.RESOLVED
    if decision.why is Why.ESCALATED:
        return Transition.ESCALATED
    if decision.action is Action.EDIT or decision.why is Why.REPEATED:
        return Transition.CHANGED
    return Transition.OPENED
