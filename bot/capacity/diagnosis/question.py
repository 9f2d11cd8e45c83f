"""The question: what the pasted lines name (errors, nodes, addresses, subnets), so that the search is narrowed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network

from bot.capacity.diagnosis.findings import Cause, Seen, Stops
from bot.capacity.diagnosis.pods import Heard
from bot.capacity.diagnosis.symptoms import SYMPTOMS, Symptom

_INSTANCE = re.compile(r"\bi-(?:[0-9a-f]{17}|[0-9a-f]{8})\b")
_ENI = re.compile(r"\beni-(?:[0-9a-f]{17}|[0-9a-f]{8})\b")
_SUBNET = re.compile(r"\bsubnet-(?:[0-9a-f]{17}|[0-9a-f]{8})\b")
_NODE_NAME = re.compile(r"\bip-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})(?![\w-])", re.IGNORECASE)
"""Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/hostname-types.html (the IP name of an instance)."""
_ADDRESS = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3})(?:/(\d{1,2}))?(?![\d.]*\d)")
_OF_NOBODY = (IPv4Network("0.0.0.0/8"), IPv4Network("127.0.0.0/8"), IPv4Network("169.254.0.0/16"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person asked or pasted: the messages found in it, and the AWS things that it names.

    `heard` are messages that events of waiting pods quote, which count like pasted ones; `symptoms` has both.
    """

    text: str = ""
    symptoms: tuple[Symptom, ...] = ()
    instance_ids: frozenset[str] = frozenset()
    eni_ids: frozenset[str] = frozenset()
    subnet_ids: frozenset[str] = frozenset()
    addresses: frozenset[IPv4Address] = frozenset()
    networks: frozenset[IPv4Network] = frozenset()
    heard: tuple[Heard, ...] = ()

    @property
    def suspected(self) -> frozenset[Cause]:
        """The causes that the telling messages speak for; without any, what the general ones leave open."""
        telling = [symptom for symptom in self.symptoms if symptom.narrows]
        return frozenset().union(*(symptom.causes for symptom in telling or self.symptoms))

    @property
    def narrowed(self) -> bool:
        """Whether a telling message was pasted."""
        return any(symptom.narrows for symptom in self.symptoms)

    @property
    def stopped(self) -> Stops | None:
        """What the messages say does not work, None without any."""
        return next((symptom.stops for symptom in self.symptoms), None)

    @property
    def names_something(self) -> bool:
        """Whether it names a subnet, node, interface or address."""
        return bool(self.instance_ids or self.eni_ids or self.subnet_ids or self.addresses or self.networks)

    def said(self, cause: Cause) -> str:
        """The telling message that speaks for the cause, "" without one."""
        return next((each.name for each in self.symptoms if each.narrows and cause in each.causes), "")

    def quote(self, cause: Cause) -> tuple[Seen, ...]:
        """That message as a line of evidence, with who said it; empty without one."""
        name = self.said(cause)
        return (self.quoted(name),) if name else ()

    def quoted(self, name: str) -> Seen:
        """The message as a line of evidence: of the events that quote it, else of the pasted text."""
        event = next((each for each in self.heard if each.symptom.name == name), None)
        if event is None:
            return Seen(text=f"the pasted text says: {name}")
        pods = f"{event.pods:,} pods" if event.pods != 1 else "a pod"
        return Seen(text=f"events of {pods} of {event.cluster} say: {name}", observed_at=event.seen_at)

    def with_heard(self, heard: Iterable[Heard]) -> "Question":
        """The question with what events say beside what was pasted."""
        found = tuple(heard)
        names = {each.symptom.name for each in found} | {symptom.name for symptom in self.symptoms}
        return replace(self, heard=found, symptoms=tuple(each for each in SYMPTOMS if each.name in names))


def read_question(text: str) -> Question:
    """The question in a pasted text.

    Example: a line with `ip-10-0-1-2.eu-west-1.compute.internal` names the address 10.0.1.2.
    """
    blocks = [_network(found.group(1), found.group(2)) for found in _ADDRESS.finditer(text)]
    nodes = [_network(".".join(found.groups()), None) for found in _NODE_NAME.finditer(text)]
    return Question(
        text=text,
        symptoms=tuple(symptom for symptom in SYMPTOMS if symptom.pattern.search(text)),
        instance_ids=frozenset(_INSTANCE.findall(text)),
        eni_ids=frozenset(_ENI.findall(text)),
        subnet_ids=frozenset(_SUBNET.findall(text)),
        addresses=frozenset(block.network_address for block in (*blocks, *nodes) if block and block.prefixlen == 32),
        networks=frozenset(_whole(blocks)),
    )


def _whole(blocks: Iterable[IPv4Network | None]) -> Iterable[IPv4Network]:
    return (block for block in blocks if block is not None and block.prefixlen < 32)


def _network(address: str, length: str | None) -> IPv4Network | None:
    """The block; None for what is no address, or one of no subnet (loopback, link-local)."""
    try:
        block = IPv4Network(f"{address}/{length or 32}", strict=False)
    except ValueError:
        return None
    return None if any(block.subnet_of(nobody) for nobody in _OF_NOBODY) else block
