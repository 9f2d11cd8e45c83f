"""The workspace as a test drives it: what people and administrators do, and what they see of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.demo.workspace.entries import options_of
from bot.demo.workspace.identity import Bot
from bot.demo.workspace.modals import Submission
from bot.demo.workspace.reactions import with_reaction
from bot.demo.workspace.records import Json, SlashResult
from bot.demo.workspace.roster import UNINSTALLED
from bot.demo.workspace.server import Server
from bot.demo.workspace.state import State
from bot.demo.workspace.surfaces import Agent, UserGroup
from bot.demo.workspace.viewpayloads import view_wire
from bot.demo.workspace.views import home, modals


class Deeds:
    """What people do in a running workspace; every method may be called from any thread but the server's own.

    Deeds raise LookupError for what is not there, TimeoutError when the bot does not acknowledge within 3 seconds,
    ConnectionError when it cannot be reached or refuses.
    """

    _state: State
    _bot: Bot
    _server: Server

    def slash(self, text: str, *, user: str = "ana", channel: str = "ops", command: str = "/eksip") -> SlashResult:
        """Type a slash command and wait for its acknowledgement, 3 seconds at most."""
        return self._server.call(self._server.people.slash(text, user=user, channel=channel, command=command))

    def say(self, text: str, *, user: str = "ana", channel: str = "ops", thread_ts: str | None = None) -> str:
        """Post as a person; `@eksip` becomes a mention and is delivered to the bot: the message's ts."""

        async def post() -> str:
            return self._server.people.say(text, user=user, channel=channel, thread_ts=thread_ts).ts

        return self._server.call(post())

    def edit(self, text: str, *, channel: str, ts: str) -> None:
        """Change the words of a person's message; in a direct conversation the bot gets message_changed."""

        async def deed() -> None:
            self._server.people.edit(text, channel=channel, ts=ts)

        self._server.call(deed())

    def delete(self, *, channel: str, ts: str) -> None:
        """Delete any message, as an administrator can; in a direct conversation the bot gets message_deleted."""

        async def deed() -> None:
            self._server.people.delete(channel=channel, ts=ts)

        self._server.call(deed())

    def click(
        self,
        *,
        channel: str,
        ts: str,
        action_id: str,
        user: str = "ana",
        value: str | None = None,
        option: str | None = None,
    ) -> None:
        """Press a button or choose an option (by value or text) in a message or an ephemeral this user sees.

        Of feedback_buttons `value` names the half; of an external select `option` is one the app has offered.
        """
        deed = self._server.people.click(
            channel=channel, ts=ts, action_id=action_id, user=user, value=value, option=option
        )
        _raise_for(self._server.call(deed), action_id)

    def shortcut(self, callback_id: str, *, channel: str, ts: str, user: str = "ana") -> None:
        """Use a message shortcut on a message this user sees."""
        deed = self._server.people.shortcut(callback_id, channel=channel, ts=ts, user=user)
        _raise_for(self._server.call(deed), callback_id)

    def react(self, name: str, *, channel: str, ts: str, user: str = "ana") -> None:
        """Put an emoji under a message as a person; a second time changes nothing."""
        message = self._state.find(self._state.channel(channel).channel_id, ts)
        if message is None:
            raise LookupError(f"No message {ts} in {channel}.")
        changed = with_reaction(message, name, self._state.user(user).user_id)
        if changed is not None:
            self._state.change(changed)

    def modal(self, user: str = "ana") -> Json | None:
        """The modal on top of this user's screen, with `state.values`; None when there is none."""
        stack = self.modals(user)
        return stack[-1] if stack else None

    def modals(self, user: str = "ana") -> list[Json]:
        """This user's stack of modals, the top one last."""
        return [view_wire(self._bot, view) for view in modals(self._state, self._state.user(user).user_id)]

    def fill(self, values: Mapping[str, object], *, user: str = "ana") -> None:
        """Fill inputs of the top modal by action id (or `block_id/action_id`); nothing is sent.

        A text, number, date or time is a string; an option is its value or text; checkboxes and multi selects take a
        list. An option of an external select is one `options()` was offered before.
        """

        async def deed() -> None:
            self._server.modals.enter(values, user=user)

        self._server.call(deed())

    def options(
        self, action_id: str, typed: str, *, user: str = "ana", channel: str | None = None, ts: str | None = None
    ) -> list[Json]:
        """Type in an external select of the top modal, or of a message (`channel`, `ts`): the options the app offers.

        Below the element's min_query_length the app is not asked and there are none.
        """
        if channel is not None and ts is not None:
            asked = self._server.people.suggest(channel=channel, ts=ts, action_id=action_id, typed=typed, user=user)
        else:
            asked = self._server.modals.suggest(action_id, typed, user=user)
        return options_of(self._server.call(asked))

    def press(
        self,
        action_id: str,
        *,
        user: str = "ana",
        value: str | None = None,
        option: object = None,
        on_home: bool = False,
    ) -> None:
        """Use a control of the top modal, or of the Home tab: the bot gets block_actions with the view."""
        view_id = None
        if on_home:
            view = home(self._state, self._state.user(user).user_id)
            if view is None:
                raise LookupError(f"The app has published no Home tab for {user}.")
            view_id = view.view_id
        deed = self._server.modals.act(action_id, user=user, value=value, option=option, view_id=view_id)
        _raise_for(self._server.call(deed), action_id)

    def submit(self, values: Mapping[str, object] | None = None, *, user: str = "ana") -> Submission:
        """Fill in `values` as `fill` does and submit the top modal: what Slack or the app objects to, if anything."""
        if values:
            self.fill(values, user=user)
        return self._server.call(self._server.modals.submit(user=user))

    def close_modal(self, *, user: str = "ana", all_of_them: bool = False) -> None:
        """Close the top modal (Escape), or the whole stack; the bot hears of those with notify_on_close."""
        _raise_for(self._server.call(self._server.modals.close(user=user, all_of_them=all_of_them)), "view_closed")

    def open_home(self, user: str = "ana", tab: str = "home") -> None:
        """Open the app's `home` or `messages` tab: the bot gets app_home_opened."""

        async def deed() -> None:
            self._server.modals.open_home(user=user, tab=tab)

        self._server.call(deed())

    def home(self, user: str = "ana") -> Json | None:
        """The Home tab the app published for this user, or None."""
        view = home(self._state, self._state.user(user).user_id)
        return None if view is None else view_wire(self._bot, view)

    def prompts(self, user: str = "ana") -> list[dict[str, str]]:
        """The prompts suggested in this user's conversation with the app: title and message of each."""
        return [dict(prompt) for prompt in self._agent(f"dm:{self._state.user(user).name}").prompts]

    def press_prompt(self, title: str, *, user: str = "ana") -> str:
        """Press a suggested prompt, which sends its message: the message's ts."""
        for prompt in self.prompts(user):
            if prompt["title"] == title:
                return self.say(prompt["message"], user=user, channel=f"dm:{self._state.user(user).name}")
        raise LookupError(f"No prompt {title!r}: {', '.join(one['title'] for one in self.prompts(user)) or 'none'}.")

    def status(self, channel: str, thread_ts: str) -> str:
        """What the app says it is doing in a thread; empty when it says nothing."""
        return str(self._agent(channel).statuses.get(thread_ts, {}).get("status", ""))

    def thread_title(self, channel: str, thread_ts: str) -> str:
        """The title the app gave a thread; empty when it gave none."""
        return self._agent(channel).titles.get(thread_ts, "")

    def file(self, file_id: str) -> bytes:
        """The bytes of an uploaded file."""
        content = self._state.files[file_id].content
        if content is None:
            raise LookupError(f"{file_id} was never uploaded.")
        return content

    def add_usergroup(self, handle: str, users: list[str]) -> str:
        """Add a user group: its id, as `<!subteam^S…>` mentions it."""
        group_id = self._state.next_id("S")
        ids = tuple(self._state.user(name).user_id for name in users)
        self._state.usergroups[group_id] = UserGroup(usergroup_id=group_id, handle=handle, user_ids=ids)
        return group_id

    def invite(self, channel: str, *, user: str = "eksip", by: str | None = "ana") -> None:
        """Bring somebody, the bot unless told otherwise, into a channel; the bot there gets member_joined_channel."""
        self._administer(self._server.roster.invite, user, channel=channel, by=by)

    def remove(self, channel: str, *, user: str = "eksip") -> None:
        """Take somebody, the bot unless told otherwise, out of a channel."""
        self._administer(self._server.roster.remove, user, channel=channel)

    def archive(self, channel: str, *, archived: bool = True) -> None:
        """Archive a channel, or bring it back: posts to an archived one answer `is_archived`."""
        self._administer(self._server.roster.archive, channel, archived=archived)

    def rename(self, channel: str, name: str) -> None:
        """Give a channel another name; its id stays."""
        self._administer(self._server.roster.rename, channel, name)

    def make_private(self, channel: str) -> None:
        """Turn a public channel into a private one; without the bot in it, it is `channel_not_found` from now on."""
        self._administer(self._server.roster.make_private, channel)

    def uninstall(self, error: str = UNINSTALLED) -> None:
        """Remove the app: it gets tokens_revoked and app_uninstalled, and every call answers `error` from now on."""
        self._administer(self._server.roster.uninstall, error)

    def reinstall(self) -> None:
        """Install the app again, with the token it had."""
        self._administer(self._server.roster.reinstall)

    def _administer(self, deed: Callable[..., None], *args: object, **named: object) -> None:
        async def act() -> None:
            deed(*args, **named)

        self._server.call(act())

    def _agent(self, channel: str) -> Agent:
        return self._state.agents.get(self._state.channel(channel).channel_id, Agent())


def _raise_for(error: Any, what: str) -> None:
    if error == "operation_timeout":
        raise TimeoutError(f"The bot did not acknowledge {what} within 3 seconds.")
    if error is not None:
        raise ConnectionError(f"The bot did not take {what}: {error}.")
