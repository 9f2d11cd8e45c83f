"""Scopes: words become exactly one part of the fleet, or an error that offers whole commands."""

from dataclasses import replace

import pytest
from builders import DEV, PROD, blind_spot, cluster, inventory, region_facts, subnet, vpc

from bot.asking.sight import sight
from bot.errors import UserError
from bot.inventory import Inventory
from bot.scope import EVERYTHING, Scope, ScopeKind, clusters_in, contains, found_scope, read_for, resolve, subnets_in

FLEET = inventory(
    region_facts(
        subnet("subnet-0a", "10.0.0.0/24", name="private-1a", vpc_id="vpc-0a"),
        subnet("subnet-0b", "10.0.1.0/24", name="private-1b", az="eu-west-1b", az_id="euw1-az2", vpc_id="vpc-0a"),
        subnet("subnet-0c", "10.0.16.0/20", name="", az="eu-west-1b", az_id="euw1-az2", vpc_id="vpc-0a"),
        subnet("subnet-06", None, name="six", ipv6_cidrs=("2001:db8:0:1::/64",), available_ips=None),
        vpcs=(vpc("vpc-0a", "main", "10.0.0.0/16", ipv6_cidrs=("2001:db8::/56",)),),
        clusters=(cluster("prod-eu", ("subnet-0a",), node_subnet_ids=("subnet-0c",)),),
    ),
    region_facts(
        subnet("subnet-0d", "10.9.0.0/24", name="private-1a", account_id=DEV, region="us-east-1", vpc_id="vpc-0d"),
        account_id=DEV,
        region="us-east-1",
        vpcs=(vpc("vpc-0d", "sandbox", "10.9.0.0/16", account_id=DEV, region="us-east-1"),),
        clusters=(cluster("staging", ("subnet-0d",), account_id=DEV, region="us-east-1"),),
    ),
)
EMPTY = inventory()


@pytest.mark.parametrize(
    ("words", "resolved"),
    [
        pytest.param("", "all", id="nothing"),
        pytest.param("all", "all", id="all"),
        pytest.param("Everything", "all", id="everything"),
        pytest.param("all:", "all", id="all as a prefix"),
        pytest.param("account:prod", f"account:{PROD}", id="account by name"),
        pytest.param(f"account:{DEV}", f"account:{DEV}", id="account by id"),
        pytest.param("dev", f"account:{DEV}", id="bare account name"),
        pytest.param("region:eu-west-1", "region:eu-west-1", id="region"),
        pytest.param("us-east-1", "region:us-east-1", id="bare region"),
        pytest.param("vpc:main", "vpc:vpc-0a", id="VPC by name"),
        pytest.param("vpc-0d", "vpc:vpc-0d", id="bare VPC id"),
        pytest.param("10.9.0.0/16", "vpc:vpc-0d", id="CIDR of a VPC"),
        pytest.param("2001:db8::/56", "vpc:vpc-0a", id="IPv6 CIDR of a VPC"),
        pytest.param("cluster:prod-eu", f"cluster:{PROD}/eu-west-1/prod-eu", id="cluster"),
        pytest.param("PROD-EU", f"cluster:{PROD}/eu-west-1/prod-eu", id="bare cluster name in capitals"),
        pytest.param(
            f"cluster:{DEV}/us-east-1/staging", f"cluster:{DEV}/us-east-1/staging", id="cluster with its whole key"
        ),
        pytest.param("subnet:subnet-0a", "subnet:subnet-0a", id="subnet by id"),
        pytest.param("subnet-0c", "subnet:subnet-0c", id="bare id of a subnet without a name"),
        pytest.param("subnet:private-1b", "subnet:subnet-0b", id="subnet by name"),
        pytest.param(" private-1b ", "subnet:subnet-0b", id="bare name with spaces around"),
        pytest.param("10.0.16.0/20", "subnet:subnet-0c", id="CIDR of a subnet"),
        pytest.param("10.0.17.5/20", "subnet:subnet-0c", id="an address of it with the length"),
        pytest.param("subnet:10.0.16.0/20", "subnet:subnet-0c", id="CIDR with a prefix"),
        pytest.param("2001:db8:0:1::/64", "subnet:subnet-06", id="IPv6 CIDR of a subnet"),
        pytest.param("az:euw1-az2", "az:euw1-az2", id="AZ id"),
        pytest.param("eu-west-1a", "az:eu-west-1a", id="bare AZ name"),
        pytest.param("Cluster: staging", f"cluster:{DEV}/us-east-1/staging", id="capital and space in the prefix"),
    ],
)
def test_words_become_one_scope(words: str, resolved: str) -> None:
    assert str(resolve(words, FLEET)) == resolved


def test_an_ambiguous_name_is_asked_back_with_whole_commands() -> None:
    with pytest.raises(UserError) as caught:
        resolve("private-1a", FLEET, verb="subnet")

    assert caught.value.suggestions == ("subnet subnet-0a", "subnet subnet-0d")
    assert "names 2 things" in caught.value.message
    assert "prod eu-west-1a" in caught.value.message
    assert "dev" in caught.value.message
    assert [str(resolve(command.split(maxsplit=1)[1], FLEET)) for command in caught.value.suggestions] == [
        "subnet:subnet-0a",
        "subnet:subnet-0d",
    ]


@pytest.mark.parametrize("words", ["prod-eu staging", "cluster:prod-eu subnet:subnet-0a"])
def test_two_scopes_are_refused_with_each_alone(words: str) -> None:
    with pytest.raises(UserError, match="2 scopes, and one is taken at a time") as caught:
        resolve(words, FLEET, verb="plan +4")

    assert caught.value.suggestions == tuple(f"plan +4 {word}" for word in words.split())


def test_the_example_for_subnet_is_a_subnet() -> None:
    with pytest.raises(UserError) as caught:
        resolve("10.200.0.0/20", FLEET, verb="subnet")

    example = caught.value.message.rpartition("`subnet ")[2].rstrip("`.")
    assert resolve(example, FLEET).kind is ScopeKind.SUBNET


def test_the_same_cluster_name_in_two_accounts_is_told_apart_by_its_key() -> None:
    twins = inventory(
        region_facts(clusters=(cluster("prod-eu"),)),
        region_facts(clusters=(cluster("prod-eu", account_id=DEV),), account_id=DEV),
    )

    with pytest.raises(UserError) as caught:
        resolve("prod-eu", twins)

    assert [str(resolve(command.split(maxsplit=1)[1], twins)) for command in caught.value.suggestions] == [
        f"cluster:{PROD}/eu-west-1/prod-eu",
        f"cluster:{DEV}/eu-west-1/prod-eu",
    ]


def test_of_many_meanings_five_are_listed_and_the_rest_counted() -> None:
    many = inventory(region_facts(*(subnet(f"subnet-{n:02}", f"10.0.{n}.0/24", name="private") for n in range(8))))

    with pytest.raises(UserError, match=r"names 8 things.* and 3 more") as caught:
        resolve("private", many)

    assert len(caught.value.suggestions) == 5


@pytest.mark.parametrize(
    ("words", "quoted", "said", "suggestion"),
    [
        pytest.param("prod-ue", "`prod-ue`", "Did you mean `prod-eu`", "status prod-eu", id="a slip in a name"),
        pytest.param(
            "cluster:prod-ue",
            "`cluster:prod-ue`",
            "Did you mean `prod-eu`",
            "status prod-eu",
            id="a slip after a prefix",
        ),
        pytest.param(
            "cluster:private-1b",
            "`private-1b`",
            "names no cluster but a subnet",
            "status subnet:subnet-0b",
            id="wrong kind",
        ),
        pytest.param(
            "cluter:prod-eu",
            "`cluter:`",
            "Did you mean `cluster:prod-eu`",
            "status cluster:prod-eu",
            id="slip in a kind",
        ),
        pytest.param("xyzzy", "`xyzzy`", "One that works: `status prod-eu`", None, id="nothing near"),
        pytest.param("team:payments", "`team:`", "is not a kind of scope", None, id="no such kind"),
        pytest.param("subnet:", "`subnet:`", "I know no", None, id="a prefix with nothing after it"),
        pytest.param("10.77.0.0/24", "`10.77.0.0/24`", "I know no", None, id="a CIDR nobody has"),
        pytest.param("10.0.0.0/99", "`10.0.0.0/99`", "I know no", None, id="not a CIDR"),
    ],
)
def test_an_unknown_scope_quotes_what_was_read_and_offers_what_works(
    words: str, quoted: str, said: str, suggestion: str | None
) -> None:
    with pytest.raises(UserError) as caught:
        resolve(words, FLEET)

    assert said in caught.value.message
    assert quoted in caught.value.message
    assert caught.value.suggestions == (() if suggestion is None else (suggestion,))


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("x" * 10_000, id="10,000 characters"),
        pytest.param("x" * 10_000 + ":y", id="10,000 characters before a colon"),
        pytest.param("cluster:" + "y" * 10_000, id="10,000 characters after a kind"),
        pytest.param("x:" + "y" * 10_000, id="10,000 characters after no kind"),
    ],
)
def test_a_flood_of_text_is_cut_in_the_answer(words: str) -> None:
    with pytest.raises(UserError) as caught:
        resolve(words, FLEET)

    assert len(caught.value.message) < 300
    assert all(len(command) < 300 for command in caught.value.suggestions)


def test_control_characters_are_not_repeated() -> None:
    with pytest.raises(UserError) as caught:
        resolve("prod\x1b[31m\x00eu", FLEET)

    assert caught.value.message.isprintable()


def test_an_empty_inventory_still_says_something_that_works() -> None:
    with pytest.raises(UserError, match="One that works: `status prod`"):
        resolve("prod-eu", EMPTY)


def test_the_example_of_an_error_is_never_ambiguous() -> None:
    twins = inventory(
        region_facts(subnet(name="main"), vpcs=(vpc("vpc-0a", "main", "10.0.0.0/16"),), clusters=(cluster("main"),))
    )

    with pytest.raises(UserError, match="One that works: `status prod`"):
        resolve("xyzzy", twins)


@pytest.mark.parametrize(
    ("words", "subnet_ids", "cluster_names"),
    [
        pytest.param(
            "all", ["subnet-0a", "subnet-0b", "subnet-0c", "subnet-06", "subnet-0d"], ["prod-eu", "staging"], id="all"
        ),
        pytest.param("dev", ["subnet-0d"], ["staging"], id="account"),
        pytest.param("region:us-east-1", ["subnet-0d"], ["staging"], id="region"),
        pytest.param("vpc-0a", ["subnet-0a", "subnet-0b", "subnet-0c", "subnet-06"], ["prod-eu"], id="VPC"),
        pytest.param("prod-eu", ["subnet-0a", "subnet-0c"], ["prod-eu"], id="cluster: control plane and node groups"),
        pytest.param("private-1b", ["subnet-0b"], [], id="subnet no cluster names"),
        pytest.param("euw1-az2", ["subnet-0b", "subnet-0c"], ["prod-eu"], id="AZ id"),
        pytest.param("eu-west-1b", ["subnet-0b", "subnet-0c"], ["prod-eu"], id="AZ name"),
    ],
)
def test_a_scope_holds_its_subnets_and_the_clusters_that_name_them(
    words: str, subnet_ids: list[str], cluster_names: list[str]
) -> None:
    scope = resolve(words, FLEET)

    assert [found.subnet_id for found in subnets_in(scope, FLEET)] == subnet_ids
    assert [found.name for found in clusters_in(scope, FLEET)] == cluster_names
    assert [s.subnet_id for s in FLEET.subnets if contains(scope, s, FLEET.clusters)] == subnet_ids


def test_a_cluster_of_a_gone_account_holds_nothing() -> None:
    gone = Scope(kind=ScopeKind.CLUSTER, value="999988887777/eu-west-1/prod-eu", label="prod-eu")

    assert subnets_in(gone, FLEET) == ()
    assert clusters_in(gone, FLEET) == ()


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        pytest.param(EVERYTHING, "all", id="everything"),
        pytest.param(Scope(kind=ScopeKind.SUBNET, value="subnet-0a", label="private-1a"), "private-1a", id="label"),
        pytest.param(Scope(kind=ScopeKind.SUBNET, value="subnet-0a"), "subnet-0a", id="no label"),
    ],
)
def test_a_scope_is_shown_by_its_label(scope: Scope, words: str) -> None:
    assert scope.words == words


def test_a_kind_narrows_a_name_that_means_several_things() -> None:
    both = inventory(
        region_facts(subnet(name="main"), vpcs=(vpc("vpc-0a", "main", "10.0.0.0/16"),), clusters=(cluster("main"),))
    )

    assert [str(resolve(f"{kind}:main", both)) for kind in ("subnet", "vpc", "cluster")] == [
        "subnet:subnet-0a",
        "vpc:vpc-0a",
        f"cluster:{PROD}/eu-west-1/main",
    ]


@pytest.mark.parametrize(
    ("words", "regions", "expected", "blind"),
    [
        pytest.param("all", 2, 3, 1, id="everything"),
        pytest.param("region:eu-west-1", 2, 3, 1, id="a region may have a part in any account"),
        pytest.param("euw1-az1", 2, 3, 1, id="so may a zone"),
        pytest.param("prod", 1, 1, 0, id="an account that was read"),
        pytest.param("dev", 0, 1, 1, id="an account that could not be entered"),
        pytest.param("prod-eu", 1, 1, 0, id="a cluster rests on its own region"),
        pytest.param("private-1a", 1, 1, 0, id="a subnet rests on its own region"),
        pytest.param("main", 1, 1, 0, id="a VPC rests on its own region"),
    ],
)
def test_an_answer_rests_on_the_part_of_the_fleet_it_is_about(
    words: str, regions: int, expected: int, blind: int
) -> None:
    fleet = inventory(
        region_facts(
            subnet(), vpcs=(vpc("vpc-0a", "main", "10.0.0.0/16"),), clusters=(cluster("prod-eu", ("subnet-0a",)),)
        ),
        region_facts(subnet("subnet-0z", "10.3.0.0/24", name="z", region="us-east-1"), region="us-east-1"),
        blind_spots=(blind_spot(DEV),),
    )
    fleet = replace(fleet, regions=(fleet.regions[0], replace(fleet.regions[1], account_id="777788889999")))

    found = read_for(resolve(words, fleet), fleet)

    assert (len(found.regions), found.expected_regions, len(found.all_blind_spots)) == (regions, expected, blind)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param("Prod-EU", f"cluster:{PROD}/eu-west-1/prod-eu", id="a name"),
        pytest.param("10.0.16.0/20", "subnet:subnet-0c", id="a block"),
        pytest.param("cluster:staging", f"cluster:{DEV}/us-east-1/staging", id="with its kind"),
        pytest.param("fleet", "all", id="everything"),
        pytest.param("private-1a", "None", id="several"),
        pytest.param("prod-eux", "None", id="nothing, and nothing similar"),
        pytest.param("clutser:prod-eu", "None", id="no kind"),
    ],
)
def test_what_resolves_is_found_and_the_rest_is_none(words: str, found: str) -> None:
    assert str(found_scope(words, FLEET)) == found


def test_a_vpc_is_found_by_a_name_with_strokes_and_a_cluster_by_its_key() -> None:
    both = inventory(
        region_facts(
            vpcs=(vpc("vpc-0a", "eksctl-prod/VPC", "10.0.0.0/16"),), clusters=(cluster("prod"), cluster("vpc"))
        )
    )

    assert str(resolve("eksctl-prod/vpc", both)) == "vpc:vpc-0a"
    assert str(resolve(f"{PROD}/eu-west-1/PROD", both)) == f"cluster:{PROD}/eu-west-1/prod"


def test_clusters_of_two_accounts_are_told_of_the_subnet_they_share() -> None:
    theirs = region_facts(clusters=(cluster("guest", ("subnet-0a",), account_id=DEV),), account_id=DEV)
    shared = inventory(region_facts(subnet(), clusters=(cluster("host", ("subnet-0a",)),)), theirs)

    assert shared.clusters_by_subnet() == {"subnet-0a": ("host", "guest")}
    assert [found.name for found in clusters_in(resolve("subnet-0a", shared), shared)] == ["host", "guest"]


@pytest.mark.parametrize("hidden", ["subnet-0a", "private-1b", "vpc-0a", "main", "prod-eu", "10.0.0.0/24", "euw1-az2"])
def test_what_may_not_be_seen_is_not_found_by_what_the_whole_fleet_has_found(hidden: str) -> None:
    whole: Inventory = replace(FLEET)
    resolve(hidden, whole)
    assert "prod-eu" in whole.small_names

    part = sight(["cluster:staging"], whole).inventory

    with pytest.raises(UserError) as refused:
        resolve(hidden, part)
    assert "prod-eu" not in refused.value.message.replace(f"`{hidden}`", "")
    assert part.names == ("staging", "private-1a", "sandbox", "dev")
    assert sight(["cluster:staging"], whole).inventory is part
    assert sight(["cluster:prod-eu"], whole).inventory is not part
