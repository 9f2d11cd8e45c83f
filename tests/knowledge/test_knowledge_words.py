"""Text of the field is split, stemmed and forgiven so that every spelling meets every other."""

import pytest

from knowledge.words import (
    INSTANCE_TYPE,
    MAX_TEXT,
    cleaned,
    key,
    nearest_word,
    one_slip_apart,
    stems,
    without_noise,
    words,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("WARM_IP_TARGET", ["warm", "ip", "target"], id="setting"),
        pytest.param("warm-ip-target", ["warm", "ip", "target"], id="hyphens"),
        pytest.param("InsufficientCidrBlocks", ["insufficient", "cidr", "blocks"], id="error code"),
        pytest.param("ENIConfig", ["eni", "config"], id="acronym and word"),
        pytest.param("ENIs, IPs and VPCs", ["enis", "ips", "and", "vpcs"], id="plural acronyms stay whole"),
        pytest.param("IPv6 pods", ["ipv6", "pods"], id="ipv6 stays whole"),
        pytest.param("100.64.0.0/10 or /28", ["100.64.0.0/10", "or", "/28"], id="cidr and mask"),
        pytest.param("on c6gn.16xlarge", ["on", INSTANCE_TYPE], id="instance type"),
        pytest.param("it’s the SG", ["it", "the", "security", "group"], id="curly quote and short form"),
        pytest.param("x" * 200, [], id="a blob is no word"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_words_are_the_parts_of_a_text_in_order(text: str, expected: list[str]) -> None:
    assert list(words(cleaned(text))) == expected


def test_a_compound_is_found_by_its_parts_and_joined() -> None:
    assert stems("ENABLE_PREFIX_DELEGATION") == ["enabl", "prefix", "deleg", "enableprefixdeleg"]


@pytest.mark.parametrize(
    "spelling", ["Warm IP target", "warm-ip-target", "WARM_IP_TARGET", "the warm IPs target?", "warmIpTarget"]
)
def test_every_spelling_of_a_name_has_one_key(spelling: str) -> None:
    assert key(spelling) == ("warm", "ip", "target")


@pytest.mark.parametrize(
    ("word", "other", "expected"),
    [
        pytest.param("delegation", "delegatoin", True, id="swapped letters"),
        pytest.param("exhaustion", "exaustion", True, id="letter missing"),
        pytest.param("prefix", "preffix", True, id="letter too many"),
        pytest.param("subnet", "subnat", True, id="letter wrong"),
        pytest.param("subnet", "subnet", True, id="equal"),
        pytest.param("subnet", "sabnat", False, id="two wrong"),
        pytest.param("warm", "warmest", False, id="much longer"),
    ],
)
def test_one_slip_is_one_letter_wrong_missing_extra_or_swapped(word: str, other: str, expected: bool) -> None:
    assert one_slip_apart(word, other) is expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("delegatoin", "delegation", id="one slip"),
        pytest.param("fragmantatoin", "fragmentation", id="two slips in a long word"),
        pytest.param("sabnat", None, id="two slips in a short word"),
        pytest.param("warn", None, id="short words are left alone"),
        pytest.param("telegation", None, id="another first letter"),
        pytest.param("m5large9", None, id="words with digits are left alone"),
    ],
)
def test_a_misspelt_word_is_put_right_when_it_is_near(word: str, expected: str | None) -> None:
    assert nearest_word(word, ("delegation", "fragmentation", "subnet", "warm")) == expected


def test_cleaned_text_has_no_control_characters_and_a_bounded_length() -> None:
    assert cleaned("a\x00b\u202ec\td“x”\nz") == 'a b c d"x"\nz'
    long = cleaned("head" + "x" * 100_000 + "tail")
    assert len(long) == MAX_TEXT + 1
    assert long.startswith("head")
    assert long.endswith("tail")


@pytest.mark.parametrize(
    "start",
    [
        pytest.param("Nov  3 11:02:44 ip-10-88-3-2 kubelet[4121]: ", id="syslog"),
        pytest.param("I1123 11:02:44.110212       1 event.go:294] ", id="klog"),
        pytest.param("2026-11-23T11:02:44.881Z stdout F ", id="container log file"),
    ],
)
def test_the_start_of_a_log_line_is_no_part_of_a_question(start: str) -> None:
    assert without_noise(f"{start}no address") == "no address"
    assert without_noise("10.0.0.1 at 11:02:44") == "10.0.0.1 at 11:02:44"
