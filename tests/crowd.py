"""Many people at once in the local workspace: each thinks, asks, waits for the answer, and thinks again."""

import asyncio
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.demo.workspace import Workspace
from bot.demo.workspace.events import Kind
from bot.demo.workspace.payloads import event_payload, incoming_text, message_event
from bot.demo.workspace.people import slack_error
from bot.demo.workspace.ratelimits import RateLimits
from bot.demo.workspace.records import Change, Message

UNLIMITED = RateLimits(posts_per_second=1e9, post_burst=10**9, minimum_burst=10**9)
"""Slack's own limits are not what a crowd measures."""

PLACEHOLDERS = ("Working on ", "Still working on ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody asks: by a slash command, or by a mention in the channel."""

    text: str
    by_mention: bool = False

    @property
    def verb(self) -> str:
        """The first word."""
        return self.text.partition(" ")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What became of a question; `refused` is Slack's word for a missed acknowledgement, "" when it came in time.

    `ack_seconds` and `answer_seconds` count from the moment Slack sends; the latter is None when no answer came.
    """

    question: Question
    refused: str
    ack_seconds: float
    answer_seconds: float | None
    text: str


class Crowd(Workspace):
    """A workspace with so many more people, each with a channel of their own: an answer there is to their question."""

    def __init__(self, people: int, **options: Any) -> None:
        super().__init__(rate_limits=UNLIMITED, **options)
        self.names = tuple(f"person-{number:03}" for number in range(people))
        self._rooms = {self.add_channel(f"room-of-{name}"): name for name in self.names}
        for name in self.names:
            self.add_user(name)
        self._asked: dict[str, tuple[str | None, asyncio.Future[str]]] = {}
        self.turns: list[Turn] = []
        self._state.watch(self._changed)

    def ask(
        self,
        questions: Sequence[Iterable[Question]],
        *,
        think_seconds: float = 0.0,
        within_seconds: float = 0.0,
        patience_seconds: float = 60.0,
    ) -> list[Turn]:
        """Have the n-th person ask the n-th questions, all at the same time; what became of them.

        Where several are given the same iterator, each asks the next of its questions that nobody has asked.
        `turns` grows meanwhile. Each waits for an answer before the next question, `patience_seconds` at most, and
        thinks before each: a length of chance with this mean, as independent people do. They begin spread over
        `within_seconds`.
        """
        self.turns = []

        async def everybody() -> None:
            rooms = zip(self._rooms.items(), questions, strict=True)
            await asyncio.gather(
                *(
                    self._person(name, room, own, think_seconds, patience_seconds, within_seconds * n / len(questions))
                    for n, ((room, name), own) in enumerate(rooms)
                )
            )

        self._server.call(everybody())
        return self.turns

    async def _person(
        self, name: str, room: str, questions: Iterable[Question], think: float, patience: float, begins: float
    ) -> None:
        chance = random.Random(name)
        await asyncio.sleep(begins)
        for question in questions:
            await asyncio.sleep(chance.expovariate(1 / think) if think else 0.0)
            self.turns.append(await self._turn(question, name, room, patience))

    async def _turn(self, question: Question, name: str, room: str, patience: float) -> Turn:
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        started = time.perf_counter()
        if question.by_mention:
            refused, ack_seconds = await self._mentioned(question, name, room, answer)
        else:
            self._asked[room] = (None, answer)
            result = await self._server.people.slash(question.text, user=name, channel=room, command="/eksip")
            refused, ack_seconds = result.error or "", result.seconds
        text, answer_seconds = "", None
        if not refused:
            try:
                async with asyncio.timeout(patience):
                    text = await answer
                answer_seconds = time.perf_counter() - started
            except TimeoutError:
                text = f"No answer within {patience:g} s."
        self._asked.pop(room, None)
        return Turn(
            question=question, refused=refused, ack_seconds=ack_seconds, answer_seconds=answer_seconds, text=text
        )

    async def _mentioned(
        self, question: Question, name: str, room: str, answer: "asyncio.Future[str]"
    ) -> tuple[str, float]:
        """Post a mention and deliver its event, once, as a command is: with its acknowledgement and no retry."""
        who, where = self._state.user(name), self._state.channel(room)
        text = incoming_text(self._state, f"@eksip {question.text}", labels=False)
        ts = self._state.next_ts()
        self._asked[room] = (ts, answer)
        message = self._state.post(Message(ts=ts, channel_id=room, user_id=who.user_id, text=text))
        event = message_event(message, who, kind="app_mention")
        payload = event_payload(self._bot, self._state, where, event, int(ts.partition(".")[0]))
        outcome = await self._server.delivery.ask(Kind.EVENT, payload, lambda _: None)
        return slack_error(outcome.reason) or "", outcome.seconds

    def _changed(self, change: Change) -> None:
        """Tell who waits for it of an answer: the bot's message to them, in their thread or alone, no placeholder."""
        message = change.message
        waiting = self._asked.get(message.channel_id)
        if waiting is None or message.user_id != self._bot.user_id or message.files:
            return
        thread_ts, answer = waiting
        if message.thread_ts == thread_ts and not message.text.startswith(PLACEHOLDERS) and not answer.done():
            answer.set_result(message.text)
