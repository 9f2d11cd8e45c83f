"""The composition root: Settings -> the parts of one process, made at first use, stopped in reverse order."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING

from bot.asking.allowance import Allowance
from bot.asking.command import Request
from bot.config import Settings, aws_environment, load
from bot.errors import ConfigError
from bot.message import Message
from bot.services import Services

if TYPE_CHECKING:
    from bot.aws.reader import Reader
    from bot.demo.world import World
    from bot.facts import Facts
    from bot.kubernetes import Kubernetes
    from bot.monitor.digests import Digests
    from bot.monitor.looking_ahead import LookAhead
    from bot.store import Store
    from bot.store.digests import DigestSchedule
    from knowledge import KnowledgeBase


DEMO_EXTRA = "The demo needs the extra [demo] ({missing} is missing): pip install 'eksip[demo]'."


def utc_now() -> datetime:
    """The clock of the process: aware UTC."""
    return datetime.now(UTC)


class Parts:
    """The parts of one process; each is made when first asked for, so a question loads only what it needs.

    `past` fills the history of a store that was just opened: the demo has no other. `timer` tells how old a read that
    is kept has grown, in seconds.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], datetime] = utc_now,
        past: "Callable[[Store], None] | None" = None,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        self.settings = settings
        self.now = now
        self._past = past
        self._timer = timer
        self._making = threading.RLock()

    @cached_property
    def services(self) -> Services:
        """What commands use."""
        return Services(
            settings=self.settings,
            now=self.now,
            facts=lambda: self.facts,
            reader=lambda: self.reader,
            store=lambda: self.store,
            stored=self.stored,
            history=self.history,
            knowledge=lambda: self.knowledge,
            allowance=Allowance(self.settings.access.per_minute, self.now),
            kubernetes=lambda: self.kubernetes,
        )

    def answer(self, request: Request) -> Message:
        """The answer to one request."""
        from bot.commands import dispatch

        return dispatch(request, self.services)

    @cached_property
    def facts(self) -> "Facts":
        """The newest inventory."""
        from bot.facts import Facts

        return Facts(
            reader=lambda: self.reader,
            stored=self.stored,
            now=self.now,
            poll=self.settings.schedule.poll,
        )

    @property
    def reader(self) -> "Reader":
        """The AWS query layer."""
        with self._making:
            return self._reader

    @cached_property
    def _reader(self) -> "Reader":
        from bot.aws.organization import Organization
        from bot.aws.pace import Pace
        from bot.aws.reader import Reader
        from bot.aws.sessions import Sessions

        aws, organization = self.settings.aws, None
        if aws.organization.role_name:
            external_id = aws.organization.external_id
            organization = Organization(
                role_name=aws.organization.role_name,
                external_id=external_id.get_secret_value() if external_id else None,
                list_role_arns=tuple(aws.organization.list_role_arn),
                first_role_arns=tuple(aws.organization.first_role_arn),
                without=frozenset(aws.organization.without),
                regions=tuple(aws.regions),
            )
        return Reader(
            accounts=self.settings.accounts,
            regions=tuple(aws.regions),
            workers=aws.workers,
            now=self.now,
            sessions=Sessions(workers=aws.workers, pace=Pace(per_second=aws.calls_per_second)),
            organization=organization,
            known=self._accounts_read_before,
            timer=self._timer,
        )

    @property
    def kubernetes(self) -> "Kubernetes":
        """The reader of clusters' own APIs."""
        with self._making:
            return self._kubernetes

    @cached_property
    def _kubernetes(self) -> "Kubernetes":
        from bot.kubernetes import Kubernetes

        return Kubernetes(self.settings.kubernetes, self.now, timer=self._timer)

    def _accounts_read_before(self) -> tuple[str, ...]:
        """The accounts of which facts are stored: of these it is known when one has left."""
        store = self.stored()
        return () if store is None else tuple(store.account_ids())

    @property
    def store(self) -> "Store":
        """The store, with its tables brought up to date."""
        with self._making:
            return self._store

    @cached_property
    def _store(self) -> "Store":
        from bot.store import open_store

        store = open_store(self.settings.database_url.get_secret_value())
        if self._past is not None:
            self._past(store)
        return store

    def history(self) -> "Store | None":
        """The store where it has a past to tell: one that exists, or the demo's."""
        return self.stored() if self._past is None else self.store

    def stored(self) -> "Store | None":
        """The store where one exists: an `ask` in an empty folder leaves no file behind."""
        with self._making:
            if "_store" in self.__dict__ or self.settings.database_exists:
                return self._store
            return None

    def look_ahead(self, stop: threading.Event | None = None) -> "LookAhead":
        """The hourly look at what runs out within weeks; it ends early once `stop` is set."""
        from bot.monitor.looking_ahead import LookAhead

        thresholds = self.settings.alerts.thresholds(self.settings.thresholds.limits)
        return LookAhead(
            self.store,
            thresholds.subnets,
            self.now,
            poll=self.settings.schedule.poll,
            blocks_floor=thresholds.blocks_critical,
            stop=stop,
        )

    def digests(self) -> "Digests":
        """What sends the digests of channels, each as its channel may see it."""
        from bot.asking.command import Surface
        from bot.asking.seen import seen
        from bot.commands.digest import scheduled
        from bot.monitor.digests import Digests

        def content(schedule: "DigestSchedule", due_at: datetime) -> Message:
            request = Request(
                text=f"digest {schedule.scope}",
                surface=Surface.SLASH,
                channel_id=schedule.channel,
                user_id=schedule.created_by,
            )
            return scheduled(schedule, due_at, seen(request, self.services))

        return Digests(self.store, content, self.now)

    @property
    def knowledge(self) -> "KnowledgeBase":
        """The knowledge base."""
        with self._making:
            return self._knowledge

    @cached_property
    def _knowledge(self) -> "KnowledgeBase":
        from knowledge import load

        return load()

    def close(self) -> None:
        """Let go of the database."""
        if "_store" in self.__dict__:
            self._store.close()


@contextmanager
def asking(*, demo: bool = False) -> Iterator[Parts]:
    """The parts for one question or a chat: of the configured accounts, or of the demo estate."""
    with ExitStack() as stack:
        if demo:
            estate = stack.enter_context(demo_estate())
            parts = Parts(estate.settings, past=estate.give_past)
        else:
            parts = Parts(load())
        stack.callback(parts.close)
        yield parts


@contextmanager
def answering(*, demo: bool = False, documents: bool = False) -> Iterator[Callable[[Request], Message]]:
    """What answers one request after the other.

    With `documents` a configuration that cannot be used is the answer to each of them: a script reads one document
    a line whatever happens.
    Raises: ConfigError without `documents`.
    """
    from bot.commands import not_configured

    with ExitStack() as stack:
        try:
            answer = stack.enter_context(asking(demo=demo)).answer
        except ConfigError as exc:
            if not documents:
                raise
            problem = exc
            yield lambda request: not_configured(request, problem)
        else:
            yield answer


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoEstate:
    """The demo's AWS while it runs, and settings that read it."""

    world: "World"
    settings: Settings

    def give_past(self, store: "Store") -> None:
        """Write two weeks of history into the store, which end with what the estate has free now."""
        from bot.demo.past import give_past

        give_past(store, self.world.spaces(), utc_now())


@contextmanager
def demo_estate(
    environ: Mapping[str, str] | None = None, facts: Mapping[str, object] | None = None
) -> Iterator[DemoEstate]:
    """The demo estate with `environ` and `facts` added to its settings; its database has a folder of its own."""
    try:
        from bot.demo.world import World
    except ModuleNotFoundError as exc:
        raise ConfigError([DEMO_EXTRA.format(missing=exc.name)]) from exc

    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="eksip-demo-"))
        world = stack.enter_context(World(now=utc_now()))
        stack.enter_context(aws_environment(world.credentials()))
        given = {"DATABASE_URL": f"sqlite:///{folder}/demo.db", **(environ or {})}
        yield DemoEstate(world=world, settings=load(given, {**world.config(), **(facts or {})}))
