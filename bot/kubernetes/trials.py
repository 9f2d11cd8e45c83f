"""What `eksip check` tries of one cluster's API: every read once, and the rule that a refused one lacks."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.errors import QueryError
from bot.inventory.kubernetes import ClusterAccess
from bot.kubernetes.api import ClusterApi, ClusterUnavailableError, ForbiddenError, Patience
from bot.kubernetes.reads import READS, ClusterRead

ROLE = "eksip-reader"
"""The name of the ClusterRole and of the Role in deploy/k8s/cluster-reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One read that was tried: `failure` is why it did not work, `rule` what to add where RBAC refused it."""

    words: str
    failure: str = ""
    rule: str = ""


def trials(access: ClusterAccess, patience: Patience) -> tuple[Trial, ...]:
    """Every read tried once; reads that RBAC does not tell apart count as one.

    Raises: ClusterUnavailableError when the cluster does not answer, or does not know who asks.
    """
    api = ClusterApi(access, replace(patience, page=1, most=1))
    try:
        return tuple(_trial(api, read) for read in _apart(READS))
    finally:
        api.close()


def rule(read: ClusterRead) -> str:
    """What to add so that the read works, as one line of YAML and the role it belongs in."""
    names = f", resourceNames: [{read.name}]" if read.name else ""
    where = f"Role {ROLE} in {read.namespace}" if read.namespace else f"ClusterRole {ROLE}"
    group = read.group or '""'
    return f"{where}: {{apiGroups: [{group}], resources: [{read.resource}]{names}, verbs: [{read.verb}]}}"


def _apart(reads: Iterable[ClusterRead]) -> list[ClusterRead]:
    """One read of each right: a list of all namespaces is a right that a list of one has too."""
    wide = {(read.verb, read.group, read.resource) for read in reads if not read.namespace}
    found: dict[str, ClusterRead] = {}
    for read in reads:
        if not read.namespace or (read.verb, read.group, read.resource) not in wide:
            found.setdefault(rule(read), read)
    return list(found.values())


def _trial(api: ClusterApi, read: ClusterRead) -> Trial:
    try:
        if read.name:
            api.get(read, lambda found: found)
        else:
            api.list(read, lambda found: found)
    except ClusterUnavailableError:
        raise
    except ForbiddenError as error:
        return Trial(words=read.words, failure=error.message, rule=rule(read))
    except QueryError as error:
        return Trial(words=read.words, failure=error.message)
    return Trial(words=read.words)
