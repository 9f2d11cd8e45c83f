"""The Bolt app: acknowledge at once, hand the question to the workers, answer where it was asked."""

import logging
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from bot.asking.command import Request
from bot.asking.defaults import channel_defaults, is_incident
from bot.charts.png import png
from bot.config import Settings
from bot.errors import QueryError
from bot.message import Message
from bot.services import Services
from bot.slack import feedback, form_listening, home, listening
from bot.slack.answering import Answering
from bot.slack.channels import Channels
from bot.slack.desk import Desk
from bot.slack.incoming import Identity
from bot.slack.installation import Installation
from bot.slack.people import People
from bot.slack.pictures import Pictures
from bot.slack.renewal import Renewal
from bot.slack.replies import PRIVATE_WAITS, VISIBLE_WAITS
from bot.slack.sending import SEND_ERRORS, failure_of, write_client
from bot.slack.workers import SLOW_SECONDS, Workers

log = logging.getLogger(__name__)

ACK_THREADS = 32
"""Threads that only acknowledge: Bolt's own five were seen to starve under six slow commands.

Source: slack_bolt/app/app.py (ThreadPoolExecutor(max_workers=5) unless one is given).
"""

SWITCH_SECONDS = 0.0005
"""How long a thread may compute before another that waits for the interpreter gets it, in place of Python's 5 ms.

An acknowledgement passes the interpreter between threads about twenty times; each time it waited the whole interval
while a poll of a large fleet was computing.
Source: https://docs.python.org/3/library/sys.html#sys.setswitchinterval
"""

FIRST_TIME_SECONDS = 0.2
"""How long a question waits for the store to say whether another replica took it: SQLite may be busy for seconds."""

REFUSALS = frozenset(
    {
        "access_denied",
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
"""What auth.test says of a token that will never do; any other error passes.

Source: https://docs.slack.dev/reference/methods/auth.test (errors).
"""


class SlackAwayError(QueryError):
    """Slack is busy, broken or out of reach; `retry_after` is how long it asks to wait, zero where it does not."""

    def __init__(self, message: str, *, api: str, retry_after: timedelta) -> None:
        super().__init__(message, api=api)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackApp:
    """The running app: Bolt's, the Web API client, and the workers that answer."""

    bolt: App
    client: WebClient
    identity: Identity
    workers: Workers
    acks: ThreadPoolExecutor
    deliveries: ThreadPoolExecutor
    pictures: Pictures
    renewal: Renewal | None
    installation: Installation

    def close(self, timeout: timedelta = timedelta(seconds=5)) -> bool:
        """Take no more questions and finish those taken, at most `timeout`: whether all were answered."""
        if self.renewal is not None:
            self.renewal.close()
        self.pictures.close()
        finished = self.workers.close(timeout)
        for pool in (self.acks, self.deliveries):
            pool.shutdown(wait=False, cancel_futures=True)
        return finished


def build_app(
    settings: Settings,
    answer: Callable[[Request], Message],
    first_time: Callable[[str, datetime], bool],
    now: Callable[[], datetime],
    client: WebClient | None = None,
    *,
    services: Services | None = None,
    visible_waits: tuple[float, ...] = VISIBLE_WAITS,
    private_waits: tuple[float, ...] = PRIVATE_WAITS,
) -> SlackApp:
    """The app for these settings, its token tried once with auth.test; nothing is listened to yet.

    `answer` is the dispatcher, `first_time` the store's; `client` sends (each call once). With `services` there are the
    Home tab, forms, channel defaults and feedback too.
    Raises: SlackAwayError, QueryError, as `identify`.
    """
    token = settings.slack_bot_token.get_secret_value()
    secret = settings.slack_signing_secret.get_secret_value()
    client = client or write_client(token, settings.slack.api_url)
    identity = identify(client)
    workers = Workers(settings.slack.workers, slow_seconds=SLOW_SECONDS)
    deliveries = ThreadPoolExecutor(settings.slack.workers, thread_name_prefix="delivery")
    sys.setswitchinterval(SWITCH_SECONDS)
    acks = ThreadPoolExecutor(ACK_THREADS, thread_name_prefix="ack")
    bolt = App(
        name="eksip",
        logger=_framework_log(),
        client=WebClient(base_url=settings.slack.api_url, retry_handlers=[]),
        signing_secret=secret,
        request_verification_enabled=bool(secret.strip()),
        authorize=lambda **_: _authorized(identity, token),
        listener_executor=acks,
    )
    pictures = Pictures(client, png, may_upload="files:write" in identity.scopes or not identity.scopes)
    renewal = _renewal(services, now)
    answering = Answering(
        answer=answer,
        first_time=lambda key: _in_time(deliveries.submit(first_time, key, now())),
        people=People(client, identity, settings.access.writer_groups),
        workers=workers,
        pictures=pictures,
        is_incident=_incident(services),
        renewal=renewal,
        channel_name=None if services is None else Channels(client, may_look=_may_look(identity)).name,
    )
    installation = Installation(client)
    desk = Desk(
        client=client,
        identity=identity,
        workers=workers,
        answering=answering,
        pictures=pictures,
        renewal=renewal,
        services=services,
        visible_waits=visible_waits,
        private_waits=private_waits,
    )
    home.listen(bolt, desk, services, installation)
    feedback.listen(bolt, desk, services)
    if services is None:
        listening.listen(bolt, settings.slack.command, desk)
    else:
        listening.listen(bolt, settings.slack.command, desk, form_listening.listen(bolt, desk, services))
    return SlackApp(
        bolt=bolt,
        client=client,
        identity=identity,
        workers=workers,
        acks=acks,
        deliveries=deliveries,
        pictures=pictures,
        renewal=renewal,
        installation=installation,
    )


def _in_time(first_time: Future[bool]) -> bool:
    """What the store says, if it says it in time; else the question is answered, and the store notes it later."""
    try:
        return first_time.result(FIRST_TIME_SECONDS)
    except TimeoutError:
        log.info("the store is slow to tell deliveries apart; answering")
        return True


def _may_look(identity: Identity) -> bool:
    """Whether channels can be looked up, as far as Slack said which scopes there are."""
    return not identity.scopes or not identity.scopes.isdisjoint({"channels:read", "groups:read"})


def _incident(services: Services | None) -> Callable[[Request], bool]:
    """Whether a question is asked in an incident; never without the services that know channels."""
    if services is None:
        return lambda _: False
    known = services
    return lambda request: is_incident(request, channel_defaults(request, known))


def _renewal(services: Services | None, now: Callable[[], datetime]) -> Renewal | None:
    if services is None:
        return None
    facts = services.facts
    return Renewal(lambda: None if (known := facts().known()) is None else known.as_of, now)


def identify(client: WebClient) -> Identity:
    """Who the token belongs to.

    Raises: SlackAwayError when Slack may say it another time, another QueryError when it refuses the token.
    """
    try:
        found = client.auth_test()
    except SEND_ERRORS as exc:
        failure = failure_of(exc)
        if failure.reason in REFUSALS:
            raise QueryError(f"Slack refused the bot token: {failure.reason}.", api="auth.test") from exc
        raise SlackAwayError(
            f"Slack cannot be reached: {failure.reason}.", api="auth.test", retry_after=failure.retry_after
        ) from exc
    return Identity(
        team_id=str(found.get("team_id") or ""),
        bot_user_id=str(found.get("user_id") or ""),
        bot_id=str(found.get("bot_id") or ""),
        enterprise_id=str(found.get("enterprise_id") or ""),
        is_org_wide=found.get("is_enterprise_install") is True,
        scopes=granted_scopes(found),
    )


def granted_scopes(response: SlackResponse) -> frozenset[str]:
    """The scopes of the token, as every answer of Slack names them; none where it does not.

    Source: https://docs.slack.dev/authentication/installing-with-oauth (the header x-oauth-scopes).
    """
    named = next((str(value) for key, value in response.headers.items() if key.lower() == "x-oauth-scopes"), "")
    return frozenset(scope.strip() for scope in named.split(",") if scope.strip())


def _authorized(identity: Identity, token: str) -> AuthorizeResult:
    """What auth.test said at start, for every request: no call before the acknowledgement."""
    return AuthorizeResult(
        enterprise_id=identity.enterprise_id or None,
        team_id=identity.team_id,
        bot_user_id=identity.bot_user_id,
        bot_id=identity.bot_id,
        bot_token=token,
    )


def _framework_log() -> logging.Logger:
    """Bolt's logger from WARNING on, without its remark that a token of the environment is not used."""
    framework = logging.getLogger("slack_bolt.eksip")
    framework.setLevel(logging.WARNING)
    if not framework.filters:
        framework.addFilter(lambda record: "`token`" not in record.getMessage())
    return framework
