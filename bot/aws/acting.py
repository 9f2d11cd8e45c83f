"""In whose name a call is made: one client serves every account of a region, its credentials chosen at signing.

A client costs 1.5 MB and 20 ms, and a region has hundreds of accounts. botocore asks a client's credentials for the
keys each time it signs, retries included, and it signs on the thread that calls: so the name is kept there.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from botocore.credentials import Credentials, ReadOnlyCredentials

from bot.inventory import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """The account that is read, where, and the credentials to sign with."""

    account: Account
    region: str
    service: str
    credentials: Credentials


_NOW: ContextVar[Acting] = ContextVar("acting")
_SIGNED: ContextVar[ReadOnlyCredentials] = ContextVar("signed")


def acting() -> Acting | None:
    """In whose name the call is made that this thread is in; None outside a call."""
    return _NOW.get(None)


def signed_with() -> ReadOnlyCredentials | None:
    """The keys that this thread signed its last call with."""
    return _SIGNED.get(None)


class ChosenCredentials(Credentials):
    """The credentials of whoever the calling thread acts for."""

    def __init__(self) -> None:
        super().__init__("", "", method="chosen-at-signing")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """The keys to sign the present call with.

        Raises: QueryError when the role cannot be assumed.
        """
        keys = _NOW.get().credentials.get_frozen_credentials()
        _SIGNED.set(keys)
        return keys


def on_behalf(client: Any, who: Acting) -> Any:
    """The client as one account uses it: the same connections and models, every call made in its name.

    A paginator asks the client it was got from, so pages read later are signed the same way.
    """
    # Not copy.copy(): it asks the half-made copy for attributes, and a client without its state asks itself for ever.
    bound = object.__new__(type(client))
    bound.__dict__.update(client.__dict__)
    make_call: Callable[[str, Mapping[str, Any]], Any] = client._make_api_call

    def make_api_call(operation_name: str, api_params: Mapping[str, Any]) -> Any:
        before = _NOW.set(who)
        try:
            return make_call(operation_name, api_params)
        finally:
            _NOW.reset(before)

    bound._make_api_call = make_api_call
    return bound
