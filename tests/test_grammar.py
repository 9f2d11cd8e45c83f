"""The forgiving grammar: what people, phones and Slack make of a command, and what it is read as."""

from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.asking.command import Asked, Command
from bot.asking.grammar import MAX_CHARACTERS, by_word, normalise, parse
from bot.commands import COMMANDS
from bot.errors import UserError


def names() -> tuple[str, ...]:
    return ("prod-eu", "Payments", "private-1a")


def read(text: str) -> Asked:
    return parse(text, COMMANDS, names)


def refused(text: str) -> UserError:
    with pytest.raises(UserError) as caught:
        read(text)
    return caught.value


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        pytest.param("“status” ‘prod’", "\"status\" 'prod'", id="smart quotes"),
        pytest.param("status\u00a0prod", "status prod", id="no-break space"),
        pytest.param("status\u200b prod\ufeff", "status prod", id="zero-width characters"),
        pytest.param("status —json", "status --json", id="em dash before a letter"),
        pytest.param("status –json", "status --json", id="en dash before a letter"),
        pytest.param("status prod–eu", "status prod-eu", id="en dash inside a name"),
        pytest.param("status prod\u2011eu", "status prod-eu", id="no-break hyphen inside a name"),
        pytest.param("why — really", "why — really", id="a dash between words stays"),
        pytest.param("status ｐｒｏｄ", "status prod", id="full-width letters"),
        pytest.param("<http://prod.example.com|prod.example.com>", "prod.example.com", id="auto-link"),
        pytest.param("status <https://prod.example.com>", "status prod.example.com", id="link without a label"),
        pytest.param("<mailto:ops@example.com|ops@example.com>", "ops@example.com", id="mail link"),
        pytest.param("watch <#C0123456789|net-ops>", "watch C0123456789", id="channel reference"),
        pytest.param("who <@U0123456789>", "who U0123456789", id="person in the middle"),
        pytest.param("<@U0123456789> status", "status", id="leading mention"),
        pytest.param("<@U0123456789|eksip>: status", "status", id="leading mention with name and colon"),
        pytest.param("<@U0123456789> /eksip status", "status", id="mention and slash command"),
        pytest.param("/eksip status", "status", id="pasted slash command"),
        pytest.param("!status", "status", id="exclamation mark before the verb"),
        pytest.param("! status", "status", id="exclamation mark and space"),
        pytest.param("`status prod`", "status prod", id="backticks"),
        pytest.param("explain &lt;!channel&gt; &amp;amp;", "explain <!channel> &amp;", id="entities are undone once"),
        pytest.param("status\tprod\r\n", "status prod", id="tabs and line ends"),
        pytest.param("status \x1b[31mprod\x00", "status  [31mprod", id="control characters"),
        pytest.param("status\u202eprod", "status prod", id="text direction override"),
    ],
)
def test_what_phones_and_slack_add_is_taken_out(typed: str, plain: str) -> None:
    assert normalise(typed) == plain


@pytest.mark.parametrize(
    ("typed", "verb", "words"),
    [
        pytest.param("", "status", (), id="nothing is status"),
        pytest.param("   ", "status", (), id="spaces are status"),
        pytest.param("?", "status", (), id="punctuation is status"),
        pytest.param('""', "status", (), id="empty quotes are status"),
        pytest.param("status prod-eu", "status", ("prod-eu",), id="verb and scope"),
        pytest.param("STATUS prod-eu", "status", ("prod-eu",), id="capitals"),
        pytest.param("st prod-eu", "status", ("prod-eu",), id="alias"),
        pytest.param("s", "status", (), id="alias of one letter"),
        pytest.param("sta prod-eu", "status", ("prod-eu",), id="unique prefix"),
        pytest.param("acc", "accounts", (), id="unique prefix of another verb"),
        pytest.param("sn private-1a", "subnet", ("private-1a",), id="subnet by alias"),
        pytest.param("what warm ip", "explain", ("warm", "ip"), id="what is explain"),
        pytest.param("status prod-eu?", "status", ("prod-eu",), id="question mark at the end"),
        pytest.param("status prod-eu.", "status", ("prod-eu",), id="full stop at the end"),
        pytest.param("status prod-eu …", "status", ("prod-eu",), id="ellipsis at the end"),
        pytest.param("maxpods m5.large.", "maxpods", ("m5.large",), id="full stop after an instance type"),
        pytest.param("“status” prod-eu", "status", ("prod-eu",), id="quoted verb"),
        pytest.param('status "team a"', "status", ("team", "a"), id="quoted name of two words"),
        pytest.param("subnet-0a1b2c", "subnet", ("subnet-0a1b2c",), id="bare subnet id"),
        pytest.param("10.0.16.0/20", "status", ("10.0.16.0/20",), id="bare CIDR"),
        pytest.param("vpc-0a1b2c", "status", ("vpc-0a1b2c",), id="bare VPC id"),
        pytest.param("111122223333", "status", ("111122223333",), id="bare account id"),
        pytest.param("eu-west-1", "status", ("eu-west-1",), id="bare region"),
        pytest.param("us-gov-west-1a", "status", ("us-gov-west-1a",), id="bare AZ"),
        pytest.param("use1-az4", "status", ("use1-az4",), id="bare AZ id"),
        pytest.param("cluster:prod-eu", "status", ("cluster:prod-eu",), id="scope with its kind"),
        pytest.param("all", "status", ("all",), id="all"),
        pytest.param("prod-eu", "status", ("prod-eu",), id="known name"),
        pytest.param("payments", "status", ("payments",), id="known name in another case"),
        pytest.param("m5.large", "maxpods", ("m5.large",), id="bare instance type"),
        pytest.param("u7i-12tb.224xlarge", "maxpods", ("u7i-12tb.224xlarge",), id="long instance type"),
        pytest.param("m7i.metal-24xl", "maxpods", ("m7i.metal-24xl",), id="bare metal type"),
        pytest.param(
            'Warning FailedCreatePodSandBox: failed to assign an IP address to container "x"',
            "explain",
            (
                "Warning",
                "FailedCreatePodSandBox:",
                "failed",
                "to",
                "assign",
                "an",
                "IP",
                "address",
                "to",
                "container",
                '"x"',
            ),
            id="pasted kubelet error, its quotes kept",
        ),
        pytest.param("InsufficientCidrBlocks", "explain", ("InsufficientCidrBlocks",), id="bare error code"),
        pytest.param("why do pods pend?", "explain", ("why", "do", "pods", "pend"), id="question"),
        pytest.param(
            "prefixes or secondary ips?", "explain", ("prefixes", "or", "secondary", "ips"), id="question mark"
        ),
        pytest.param("explain WARM_IP_TARGET=2", "explain", ("WARM_IP_TARGET=2",), id="explain takes a setting whole"),
        pytest.param("explain --network-plugin=cni", "explain", ("--network-plugin=cni",), id="and a flag"),
    ],
)
def test_words_become_a_command(typed: str, verb: str, words: tuple[str, ...]) -> None:
    asked = read(typed)

    assert (asked.verb, asked.words) == (verb, words)
    assert not asked.guessed


@pytest.mark.parametrize(
    ("typed", "verb", "note"),
    [
        pytest.param("statsu prod-eu", "status", "Read as status.", id="two letters swapped"),
        pytest.param("maxpod m5.large", "maxpods", "", id="a prefix is no slip"),
        pytest.param("expalin warm ip", "explain", "Read as explain.", id="explain misspelled"),
        pytest.param("m5.large", "maxpods", "Read as maxpods.", id="instance type alone"),
    ],
)
def test_a_slip_of_a_read_only_verb_runs_and_says_so(typed: str, verb: str, note: str) -> None:
    asked = read(typed)

    assert (asked.verb, asked.read_as) == (verb, note)


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [
        pytest.param("wach prod-eu", "watch prod-eu", id="slip"),
        pytest.param("unwach prod-eu", "unwatch prod-eu", id="slip of unwatch"),
        pytest.param("unwa prod-eu", "unwatch prod-eu", id="unique prefix"),
        pytest.param("wat prod-eu", "watch prod-eu", id="prefix of two verbs"),
        pytest.param("WACH prod-eu", "watch prod-eu", id="slip in capitals"),
    ],
)
def test_a_verb_that_writes_is_offered_and_never_guessed(typed: str, suggestion: str) -> None:
    assert suggestion in refused(typed).suggestions


def test_every_prefix_and_slip_of_a_writing_verb_is_refused_or_reads_as_one_that_only_reads() -> None:
    for command in (command for command in COMMANDS if command.writes):
        for cut in range(1, len(command.verb)):
            for typed in (command.verb[:cut], command.verb[:cut] + command.verb[cut + 1 :]):
                try:
                    asked = read(f"{typed} prod-eu")
                except UserError:
                    continue
                assert not by_word(COMMANDS)[asked.verb].writes or typed in by_word(COMMANDS), typed


@pytest.mark.parametrize(
    ("typed", "share"),
    [
        pytest.param("status prod-eu share", True, id="share at the end"),
        pytest.param("status prod-eu SHARE.", True, id="share in capitals with a full stop"),
        pytest.param("status prod-eu !", True, id="exclamation mark at the end"),
        pytest.param("share", True, id="share alone"),
        pytest.param("status prod-eu", False, id="not asked for"),
        pytest.param("status prod-eu!", False, id="an excited name shares nothing"),
        pytest.param("status share prod-eu", False, id="in the middle it is a word"),
    ],
)
def test_share_at_the_end_posts_in_the_channel(typed: str, share: bool) -> None:
    assert read(typed).share is share


def test_an_exclamation_mark_stuck_to_a_name_is_dropped() -> None:
    assert read("status prod-eu!").words == ("prod-eu",)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param("status prod-eu below=10%", "`status` takes no `below`", id="key and value"),
        pytest.param("status --below 10%", "`status` takes no `below`", id="flag with a value"),
        pytest.param("status —below=10%", "`status` takes no `below`", id="a phone's dash"),
        pytest.param("maxpods m5.large --verbose", "`maxpods` takes no `verbose`", id="flag"),
    ],
)
def test_an_unknown_option_is_never_ignored(typed: str, said: str) -> None:
    error = refused(typed)

    assert said in error.message
    assert len(error.suggestions) == 1


def test_an_unknown_word_that_could_be_a_name_is_looked_up_as_a_scope() -> None:
    asked = read("frankfurt-cluster")

    assert (asked.verb, asked.words, asked.guessed) == ("status", ("frankfurt-cluster",), True)


def test_a_cluster_whose_name_holds_the_word_error_is_a_scope() -> None:
    assert read("error-budget").verb == "status"


def test_known_names_are_asked_for_only_when_needed() -> None:
    def none_needed() -> Iterable[str]:
        raise AssertionError("names were read")

    for text in ("status prod-eu", "m5.large", "cluster:prod-eu", "why do pods pend?", "10.0.0.0/20", ""):
        parse(text, COMMANDS, none_needed)


def test_several_unknown_words_offer_to_explain_them() -> None:
    assert refused("zonal shift").suggestions == ("explain zonal shift", "help")


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("frobnicate the subnet", id="unknown verb"),
        pytest.param("&lt;!channel&gt; now", id="a broadcast"),
        pytest.param("x" * 300 + " y", id="a long word"),
        pytest.param("x" * (MAX_CHARACTERS + 1), id="too long by one"),
        pytest.param("x " * 5_000, id="10,000 characters"),
    ],
)
def test_what_cannot_be_read_gets_one_short_sentence_and_a_command_that_works(typed: str) -> None:
    error = refused(typed)

    assert len(error.message) < 300
    assert "invalid" not in error.message.lower()
    assert error.message.isprintable()
    assert "`" in error.message


def test_suggestions_of_errors_can_be_run_as_they_are() -> None:
    for typed in ("frobnicate x", "status x=1", "maxpods --size 3", "zonal shift"):
        for suggestion in refused(typed).suggestions:
            assert read(suggestion).verb in {command.verb for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.verb)
def test_the_example_of_every_verb_reads_as_that_verb(command: Command) -> None:
    assert read(command.example).verb == command.verb


def test_no_alias_means_two_verbs() -> None:
    words = [word for command in COMMANDS for word in (command.verb, *command.aliases)]

    assert len(words) == len(set(words))


@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(
                [
                    "status",
                    "watch",
                    "<@U1>",
                    "/eksip",
                    "!",
                    "—",
                    "--",
                    "=",
                    "&lt;",
                    "<#C1|x>",
                    "`",
                    "“",
                    "?",
                    "share",
                    "m5.large",
                ]
            )
        ).map(" ".join),
    )
)
@example("--")
@example("!")
@example("<@U1>" * 50)
@example("status --=x")
@example("'")
@example("\ud800")
def test_any_text_is_read_or_refused_with_a_user_error(text: str) -> None:
    try:
        said = read(text).verb
    except UserError as error:
        said = error.message

    assert said.isprintable()
    assert said in {command.verb for command in COMMANDS} or len(said) < 400


@given(st.text(max_size=200))
def test_normalised_text_is_printable_and_has_no_backticks(text: str) -> None:
    plain = normalise(text)

    assert plain.isprintable()
    assert "`" not in plain
