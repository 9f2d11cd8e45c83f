"""The time zone that a word names."""

from zoneinfo import available_timezones

from bot.errors import UserError, nearest


def zone_named(word: str, command: str) -> str:
    """The name of the zone as the time zone database writes it; `command` is what suggestions complete with `tz=`.

    Raises: UserError when there is none of that name.
    """
    zones = {name.lower(): name for name in available_timezones()}
    found = zones.get(word.strip().lower().replace(" ", "_"))
    if found is not None:
        return found
    # People know the city and not the continent: Berlin for Europe/Berlin.
    cities = {name.rpartition("/")[2].lower(): name for name in sorted(zones.values())}
    close = [cities[city] for city in nearest(word.rpartition("/")[2].lower(), cities, limit=1)]
    close = close or list(nearest(word, zones.values(), limit=1, ratio=60))
    hint = f"Did you mean `tz={close[0]}`?" if close else "For example `tz=Europe/Berlin`."
    raise UserError(f"`{word[:40]}` is no time zone I know. {hint}", [f"{command} tz={name}" for name in close])
