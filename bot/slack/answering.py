"""From a question to its answer: once each, on the workers, with a word in between when it takes long."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from threading import BoundedSemaphore, Event, Lock, Thread

from cachetools import TTLCache

from bot.asking.command import Request
from bot.message import Context, Failure, Message, Tone, Visibility
from bot.slack.incoming import Incoming, with_person
from bot.slack.mrkdwn import cut, one_line
from bot.slack.people import People
from bot.slack.pictures import Pictures
from bot.slack.renewal import Renewal
from bot.slack.replies import Reply
from bot.slack.workers import Workers

log = logging.getLogger(__name__)

BUSY = "I am busy with other questions just now. Ask again in a minute."
"""What a person reads when every worker is taken and the line before them is full."""

ADVICE = frozenset({"explain", "why"})
"""Verbs after whose answers people are asked whether it helped."""

REFRESHING = "These figures are a while old: newer ones will replace this message."

SEEN_KEPT = 10_000
SEEN_SECONDS = 600.0
"""How long this process remembers what it took; the store remembers for every replica.

Source: https://docs.slack.dev/apis/events-api (an event is retried at once, after 1 and after 5 minutes).
"""
_REFUSALS_AT_ONCE = 8


class Answering:
    """Takes questions, answers each once, and keeps the person informed."""

    def __init__(
        self,
        *,
        answer: Callable[[Request], Message],
        first_time: Callable[[str], bool],
        people: People,
        workers: Workers,
        pictures: Pictures | None = None,
        is_incident: Callable[[Request], bool] = lambda _: False,
        renewal: Renewal | None = None,
        channel_name: Callable[[str], str] | None = None,
    ) -> None:
        self._answer = answer
        self._pictures = pictures
        self._is_incident = is_incident
        self._renewal = renewal
        self._channel_name = channel_name
        self._first_time = first_time
        self._people = people
        self._workers = workers
        self._seen: TTLCache[str, bool] = TTLCache(SEEN_KEPT, SEEN_SECONDS)
        self._seen_lock = Lock()
        self._refusals = BoundedSemaphore(_REFUSALS_AT_ONCE)

    def is_repeated(self, incoming: Incoming) -> bool:
        """Whether this process took the same delivery before; quick, for the moment before an acknowledgement."""
        if not incoming.key:
            return False
        with self._seen_lock:
            if incoming.key in self._seen:
                return True
            self._seen[incoming.key] = True
            return False

    def was_taken(self, incoming: Incoming) -> bool:
        """Whether this process took a delivery of that key before; it is not remembered for that."""
        with self._seen_lock:
            return bool(incoming.key) and incoming.key in self._seen

    def take(self, incoming: Incoming, reply: Reply) -> bool:
        """Whether the question was taken; False when the workers and the line before them are full."""
        return self._workers.take(lambda: self._work(incoming, reply))

    def refuse(self, reply: Reply) -> None:
        """Say that the bot is busy; when even that would pile up, only the log says it."""
        if not self._refusals.acquire(blocking=False):
            log.warning("a question was dropped: too many at once")
            return
        try:
            reply.answer(busy())
        finally:
            self._refusals.release()

    def _work(self, incoming: Incoming, reply: Reply) -> None:
        if not self._is_first(incoming.key):
            return
        answered = Event()
        words = one_line(incoming.request.text) or "status"
        Thread(target=_keep_informed, args=(answered, reply, words), name="waiting", daemon=True).start()
        try:
            known = self.known(incoming)
            message = self.message(known)
        finally:
            answered.set()
        self.give(known.request, message, reply)

    def give(self, request: Request, message: Message, reply: Reply) -> None:
        """Give the answer with what belongs to it: pictures, feedback buttons, and one renewal in an incident."""
        incident = self._is_incident(request)
        told = message
        if self._pictures is not None:
            told = self._pictures.told(message, private=reply.is_private(message))
        renew = incident and self._renewal is not None and self._renewal.is_old(message)
        if renew:
            told = replace(told, parts=(*told.parts, Context(lines=((REFRESHING,),))))
        reply.answer(told, feedback="" if incident else _feedback(message), lasting=incident)
        shown = reply.shown
        if shown is None:
            return
        if self._pictures is not None:
            self._pictures.follow(message, shown, reply.remark)
        if renew and self._renewal is not None:
            self._renewal.once(message, lambda: reply.change(self._answer(request)))

    def known(self, incoming: Incoming) -> Incoming:
        """The question with what is known about the person who asked, and the channel's name."""
        request = incoming.request
        if self._channel_name is not None and not request.channel_name:
            incoming = replace(incoming, request=replace(request, channel_name=self._channel_name(request.channel_id)))
        user_id = incoming.request.user_id
        person = self._people.person(user_id, incoming.request.team_id)
        return with_person(
            incoming,
            is_guest=person.is_guest,
            is_external=person.is_external,
            is_ours=person.is_ours,
            name=person.name,
            zone=person.zone,
            groups=person.groups,
        )

    def message(self, known: Incoming) -> Message:
        """The answer to a question of a known person; a defect is an answer too."""
        try:
            return self._answer(known.request)
        except Exception:  # the person is owed an answer even to a defect
            reference = secrets.token_hex(2)
            log.exception("a command failed", extra={"reference": reference})
            text = "Something went wrong on my side."
            failure = Failure(kind="defect", message=text, reference=reference)
            return Message(text=text, tone=Tone.UNKNOWN, verdict=(text,), failure=failure)

    def _is_first(self, key: str) -> bool:
        """Whether no replica took this delivery before; a store that does not answer loses no question."""
        if not key:
            return True
        try:
            return self._first_time(key)
        except Exception:  # whatever the store raises: answering twice is better than not at all
            log.warning("deliveries cannot be told apart; answering anyway", exc_info=True)
            return True


def _feedback(message: Message) -> str:
    """What the feedback buttons of an answer are about; "" for verbs whose answers are figures, not advice."""
    return message.command if message.command.partition(" ")[0] in ADVICE else ""


def busy() -> Message:
    """The honest answer when there is no room in the line."""
    failure = Failure(kind="query", message=BUSY)
    return Message(text=BUSY, tone=Tone.UNKNOWN, verdict=(BUSY,), failure=failure, visibility=Visibility.EPHEMERAL)


def _keep_informed(answered: Event, reply: Reply, words: str) -> None:
    """Tell the person that work goes on, at each of the reply's waits, until it is answered."""
    passed = 0.0
    for number, seconds in enumerate(reply.waits):
        if answered.wait(seconds - passed):
            return
        passed = seconds
        reply.wait(_waiting_words(words, number, seconds))


def _waiting_words(words: str, number: int, seconds: float) -> str:
    quoted = "`" + cut(words.replace("`", "'"), 60) + "`"
    if number == 0:
        return f"Working on {quoted}…"
    return f"Still working on {quoted} after {seconds:g} s: AWS takes its time. The answer will come here."
