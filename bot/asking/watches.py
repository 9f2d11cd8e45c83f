"""The watches of a channel as answers show them: what they are, how they are narrowed, and whether Slack takes them."""

from bot.alerts.quiet import MuteWindow
from bot.answers.alerting import WatchRow
from bot.asking.command import Request
from bot.errors import UserError
from bot.scope import resolve
from bot.services import Services


def channel_of(request: Request) -> str:
    """The channel somebody asks in.

    Raises: UserError in a terminal, which is none.
    """
    if not request.channel_id:
        raise UserError(
            "A watch needs a channel: run it in Slack, or name one: `eksip ask --channel C0123456789 watch prod-eu`."
        )
    return request.channel_id


def watch_rows(channel: str, services: Services) -> list[WatchRow]:
    """The watches of a channel, those of the configuration first."""
    store = services.stored()
    broken = {} if store is None else {each.channel: each for each in store.broken_channels()}
    refused = broken.get(channel)
    since, reason = (None, "") if refused is None else (refused.broken_at, refused.reason)
    rows = [
        WatchRow(
            channel=channel,
            scope=watch.scope,
            source="configuration",
            broken_since=since,
            broken_reason=reason,
        )
        for watch in services.settings.watches
        if watch.channel == channel and _may_be_named(watch.scope, services)
    ]
    rows += [
        WatchRow(
            channel=channel,
            scope=watch.scope,
            source="command",
            severities=[severity.value for severity in watch.severities],
            below_ips=watch.below_ips,
            below_pct=watch.below_pct,
            quiet="" if watch.quiet is None else quiet_words(watch.quiet),
            broken_since=since,
            broken_reason=reason,
        )
        for watch in (() if store is None else store.watches(channel))
    ]
    return rows


def _may_be_named(words: str, services: Services) -> bool:
    """Whether the scope of a configured watch may be named here: it may be set to more than the channel may see."""
    if services.sight is None:
        return True
    known = services.facts().known()
    try:
        return known is not None and services.sight().may_name(resolve(words, known))
    except UserError:
        return False


def narrowed(row: WatchRow) -> str:
    """How a watch is narrowed, in words: "critical only, below 10%, quiet 22:00-07:00@Europe/Berlin"; "" when not."""
    words = [f"{' and '.join(row.severities)} only"] if row.severities else []
    if own := threshold_words(row):
        words.append(own)
    if row.quiet:
        words.append(f"quiet {row.quiet} (criticals are told all the same)")
    return ", ".join(words)


def threshold_words(row: WatchRow) -> str:
    """The channel's own threshold, in words: "below 20%"; of two the larger counts. "" where it has none."""
    each = [f"{row.below_ips} addresses"] if row.below_ips is not None else []
    each += [f"{row.below_pct:g}%"] if row.below_pct is not None else []
    return f"below {' or '.join(each)}" if each else ""


def quiet_words(window: MuteWindow) -> str:
    """Quiet hours as they are typed: "22:00-07:00@Europe/Berlin"."""
    return f"{window.starts:%H:%M}-{window.ends:%H:%M}@{window.zone}"
