"""What people and machines type: commands by the grammar, slips in them, pasted logs, and text that is neither."""

from collections.abc import Callable, Sequence
from random import Random

from bot.commands import COMMANDS

Words = Callable[[Random], str]

NUMBERS = (
    "0", "1", "-1", "+40", "+0", "40", "9" * 12, "1e9", "0x10", "3.5", "10%", "10 %", "101%", "-5%", "٣", "²", "1,000",
    "2h", "90m", "1d12h", "0h", "2 h", "2hours", "99999d", "1w", "-2h", "NaN", "inf", "½", "20ips", "/20", "/33", "+٤٠",
)  # fmt: skip
TIMES = (
    "22:00", "25:61", "tomorrow 09:00", "yesterday", "2026-02-30", "2026-11-24T22:00", "now", "until resolved", "5pm",
    "mon 9:00", "daily 8:30", "22:00-07:00@Europe/Berlin", "22:00-07:00@Nowhere/Land", "0001-01-01", "9999-12-31 23:59",
)  # fmt: skip
TYPES = ("m5.large", "m5.xlarge", "M5.Large", "c7gn.metal", "x9.huge", "m5", "t3.", ".large", "p5.48xlarge", "t4g.nano")
ODD_SCOPES = (
    "all", "ALL", "region:eu-west-1", "region:mars-1", "az:use1-az1", "us-east-1a", "10.0.0.0/16", "10.0.0.0/8",
    "256.1.1.1/99", "::/0", "2001:db8::/64", "vpc-", "subnet-zzz", "cluster:", ":", "cluster:a:b", "0.0.0.0/0",
    "i-0abc", "ip-10-0-1-7.ec2.internal", "account:", "subnet:10.0.0.0/16", "prod*", "*",
    "?", "..", "eni-0123456789abcdef0",
)  # fmt: skip
HOSTILE = (
    "'; DROP TABLE alert; --", "\" OR 1=1 --", "<script>alert(1)</script>", "${jndi:ldap://x}", "{{7*7}}", "%s%s%n",
    "*bold* _it_ ~no~ `code`", "<!channel>", "<!here|x>", "<!subteam^S0123456789>", "&lt;!channel&gt;", "&amp;amp;",
    "<@U0ANAANA0>", "<@UBOT|eksip>", "<#C0OPEN0000|ops>", "<#C0OPEN0000>", "<http://prod.example.com|prod.example.com>",
    "<https://a.example/x?y=1&amp;z=<>>", "<mailto:a@b.example|a@b.example>", "<!date^1700000000^{date}|then>", "\\",
    "$(reboot)", "../../etc/passwd", "\x00", "\x1b[31m", "a\u202eb", "\u200b\u200b", "\ufeff", "\u2066x",
    "شبكة", "子网",
    "подсеть", "🔥🔥", "👩‍👩‍👧‍👦", "e\u0301\u0301\u0301", "ﬁ", "Ⅷ", "“smart”", "–help", "—limit 3", "\u00a0",
    "\ud7ff", "\U0010ffff",
    "`" * 7, "```x```", "> quoted", "|", "||||", "=", "==", "a=b=c", "--", "--=", "--x=", "---", "limit=", "=5", "!",
    "!!",
)  # fmt: skip
LOGS = (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox: plugin type="
    '"aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container',
    "InsufficientFreeAddressesInSubnet: There are not enough free addresses in subnet 'subnet-0abc' to satisfy the "
    "requested number of instances.",
    "0/12 nodes are available: 12 Too many pods. preemption: 0/12 nodes are available",
    '{"level":"error","ts":"2026-11-23T09:00:00.000Z","msg":"InsufficientCidrBlocks","eni":"eni-0123"}',
    "Traceback (most recent call last):\n  File \"x.py\", line 1, in <module>\nKeyError: 'ip'",
    "Warning  FailedScheduling  2m (x8 over 10m)  default-scheduler  0/3 nodes: insufficient vpc.amazonaws.com/pod-eni",
    "UnauthorizedOperation: You are not authorized to perform: ec2:AssignPrivateIpAddresses",
)
QUESTIONS = (
    "why are pods pending in {}?", "how many IPs left in {}", "will 40 more c6i.2xlarge fit in {}?", "what is warm ip",
    "is prefix delegation safe in {}", "who is eating the IPs in {}", "difference between prefix and secondary mode",
    "can I attach 192.168.0.0/16 to {}", "how big must a subnet be for 9999999 nodes of m5.large", "how?", "why",
    "what",
)  # fmt: skip
PREFIXES = (
    "/eksip ", "@eksip ", "<@UBOT> ", "<@UBOT|eksip>, ", "!", "! ", "`", "  ", "> ", "\n", "eksip ", "/eksip /eksip ",
)  # fmt: skip
SUFFIXES = (" share", "!", " !", "?", ".", "`", " --share", "\n", " share share", " …")
KEYS = tuple(sorted({key for command in COMMANDS for key in command.options} | {"x", "limits", "scope", "é"}))
FLAGS = tuple(
    sorted({flag for command in COMMANDS for flag in command.flags} | {"sums", "terraform", "analogy", "off"})
)
VERBS = tuple(word for command in COMMANDS for word in (command.verb, *command.aliases))


def command(rng: Random, names: Sequence[str]) -> str:
    """One text as it may come in; `names` are those of the estate, told and hidden alike."""
    (kind,) = rng.choices(
        (_by_grammar, _example, _changing, _question, _log, _hostile, _noise, _huge), (50, 14, 12, 6, 6, 6, 4, 2)
    )
    text = kind(rng, names)
    if rng.random() < 0.25:
        text = rng.choice(PREFIXES) + text
    if rng.random() < 0.2:
        text += rng.choice(SUFFIXES)
    return _slip(rng, text) if rng.random() < 0.2 else text


def _by_grammar(rng: Random, names: Sequence[str]) -> str:
    words = [rng.choice(VERBS)]
    words += [_argument(rng, names) for _ in range(rng.choices((0, 1, 2, 3, 6), (15, 40, 25, 15, 5))[0])]
    return rng.choice((" ", " ", " ", "  ", "\u00a0", "\n")).join(words)


def _argument(rng: Random, names: Sequence[str]) -> str:
    (kind,) = rng.choices(range(9), (30, 8, 12, 10, 8, 14, 6, 8, 4))
    kinds: tuple[Callable[[], str], ...] = (
        lambda: rng.choice(names),
        lambda: f"{rng.choice(('cluster', 'vpc', 'subnet', 'account', 'region', 'az', 'x'))}:{rng.choice(names)}",
        lambda: rng.choice(ODD_SCOPES),
        lambda: rng.choice(NUMBERS),
        lambda: rng.choice(TYPES),
        lambda: f"{rng.choice(('', '--'))}{rng.choice(KEYS)}{rng.choice(('=', '=', ' '))}{_value(rng)}",
        lambda: rng.choice(("", "--")) + rng.choice(FLAGS),
        lambda: rng.choice(TIMES),
        lambda: rng.choice(HOSTILE),
    )
    return kinds[kind]()


def _value(rng: Random) -> str:
    return rng.choice(rng.choice((NUMBERS, TYPES, TIMES, HOSTILE, ("prefix", "secondary", "helm", "critical", "true"))))


def _example(rng: Random, names: Sequence[str]) -> str:
    text = rng.choice(COMMANDS).example
    return _slip(rng, text) if rng.random() < 0.5 else text


def _changing(rng: Random, names: Sequence[str]) -> str:
    """A command that changes something and is mostly right, so that what it changes is there for later ones."""
    name = rng.choice(names)
    number = rng.choice(("1001", "1002", "1003", "1", "2", "#1001", "1001,1002", "999999", "10" * 30))
    return rng.choice(
        (
            f"silence {number} 2h deploying",
            f"silence {name} {rng.choice(NUMBERS)} deploying",
            f"maintenance {name} now 2h deploying",
            f"ack {number}",
            f"unack {number}",
            f"unsilence {number}",
            f"watch {name} below={rng.choice(NUMBERS)}",
            f"watch {name}",
            f"unwatch {name}",
            f"board {name} {rng.choice(NUMBERS)}",
            "board stop",
            f"defaults cluster={name} tz={rng.choice(('Europe/Berlin', 'berlin', 'x', ''))}",
            f"defaults mode={rng.choice(('incident', 'normal', 'none', '🔥'))}",
            f"defaults visibility={rng.choice(('channel', 'private', 'x'))}",
            f"digest {rng.choice(TIMES)} {name}",
            f"digest {rng.choice(('off', 'when', name))}",
        )
    )


def _question(rng: Random, names: Sequence[str]) -> str:
    return rng.choice(QUESTIONS).format(rng.choice(names))


def _log(rng: Random, names: Sequence[str]) -> str:
    lines = [rng.choice(LOGS) for _ in range(rng.randint(1, 12))]
    start = rng.choice(("why ", f"why {rng.choice(names)}\n", "explain ", "", "```"))
    return start + "\n".join(lines)


def _hostile(rng: Random, names: Sequence[str]) -> str:
    start = rng.choice((*VERBS, "", "", ""))
    return f"{start} {' '.join(rng.choice(HOSTILE) for _ in range(rng.randint(1, 5)))}".strip()


def _noise(rng: Random, names: Sequence[str]) -> str:
    return "".join(_character(rng) for _ in range(rng.randint(0, 60)))


def _huge(rng: Random, names: Sequence[str]) -> str:
    unit = rng.choice((*HOSTILE, *LOGS, "a", "prod-eu ", "limit=1 ", "1001 ", "<@U0ANAANA0> ", "&amp;"))
    return f"{rng.choice((*VERBS, ''))} {unit * (rng.choice((500, 3_000, 7_990, 8_100, 40_000)) // len(unit) + 1)}"


def _slip(rng: Random, text: str) -> str:
    """The text with a character lost, doubled, swapped or foreign."""
    if not text:
        return _character(rng)
    at = rng.randrange(len(text))
    return rng.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
            text[:at] + text[at : at + 2][::-1] + text[at + 2 :],
            text[:at] + _character(rng) + text[at:],
            text.upper(),
            text.replace(" ", "\u00a0"),
            text.replace("-", "\u2011"),
        )
    )


def _character(rng: Random) -> str:
    """Any character of Unicode that text may hold, those people type far oftener."""
    if rng.random() < 0.6:
        return chr(rng.randrange(32, 127))
    code = rng.choice((rng.randrange(0xD800), rng.randrange(0xE000, 0x110000), rng.randrange(0x2000, 0x2070)))
    return chr(code)
