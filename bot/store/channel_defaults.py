"""How each channel wants to be answered, as set with `/eksip defaults`, and which channels were welcomed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot.store.conversation_tables import CHANNEL_DEFAULTS, WELCOME
from bot.store.database import Database, insert_into


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDefaults:
    """What a channel said about its answers; "" where it said nothing.

    `scope` is the stable form of the target that is meant where none is named, `label` the words people used; `zone` a
    time zone's name; `visibility` "private" or "channel"; `mode` "incident" or "normal".
    """

    scope: str = ""
    label: str = ""
    zone: str = ""
    visibility: str = ""
    mode: str = ""


class ChannelDefaultsStore(Database):
    """The settings of channels, one row each."""

    def channel_defaults(self, channel: str) -> ChannelDefaults:
        """What the channel said; all empty where it never said anything."""
        columns = [CHANNEL_DEFAULTS.c[name] for name in ChannelDefaults.__dataclass_fields__]
        query = select(*columns).where(CHANNEL_DEFAULTS.c.channel == channel)
        with self.reading() as connection:
            row = connection.execute(query).mappings().first()
        return ChannelDefaults() if row is None else ChannelDefaults(**row)

    def set_channel_defaults(self, channel: str, defaults: ChannelDefaults, changed_by: str, now: datetime) -> None:
        """Replace what the channel said."""
        values = {name: getattr(defaults, name) for name in ChannelDefaults.__dataclass_fields__}
        values |= {"changed_by": changed_by, "changed_at": now}
        with self.writing() as connection:
            row = insert_into(connection, CHANNEL_DEFAULTS).values(channel=channel, **values)
            connection.execute(row.on_conflict_do_update(index_elements=["channel"], set_=values))

    def welcome(self, channel: str, now: datetime) -> bool:
        """Whether the channel was never welcomed before; from now on it was."""
        with self.writing() as connection:
            row = insert_into(connection, WELCOME).values(channel=channel, at=now)
            return connection.execute(row.on_conflict_do_nothing().returning(WELCOME.c.channel)).first() is not None
