"""Vocabulary: everyday words and the field's words for them.

Topics are written in the words of AWS and Kubernetes; people ask in their own ("the box", "stale cards", "second
range"). Each entry adds the field's words to a question, at a lower weight than what was typed.
"""

import re
from functools import lru_cache

from knowledge.words import stem

_SAME_THING = r"""
    node: workers? | box(?:es)? | machines? | hosts? | instances?
    pod: containers? | workloads? | deployments? | replicas?
    managed node group: node ?groups? | asg | auto ?scaling group
    new nodes launch: auto-?scal\w+ | scale[sd]?(?:[ -](?:up|out))?
    ipamd aws-node: daemon
    address exhaustion: (?:no|without|lacks?|missing) (?:\w+ )?(?:ips?|address(?:es)?)
    vpc cni: (?:the |aws |amazon |stock )+(?:network )?plugin
    control plane: (?:on|from|behind) (?:a |the )?laptop | kubectl (?:logs|exec) | webhooks?
    address: ips?
    ip: address(?:es)?
    zone availability zone: (?:az |zone )?[1-3][a-f] | (?:us|eu|ap|ca|sa|me|af|il)-\w+-\d[a-f] | zone [a-f]
    exhaustion: (?:run|ran|running|nearly|almost|completely) (?:out|dry) | exhaust\w+ | used up | no more
        | ran out
    warm pool unused addresses: (?:hoard|hog|idle|wast|unused|burn|eat)\w*
    warm pool free: spare | surplus | idle | unused | headroom | buffer
    not released: (?:never|not|won'?t|don'?t|doesn'?t).{0,30}(?:free|give|given|hand|return|releas|shrink|drop)\w*
    release return: (?:give|gave|given|hand(?:ed)?)(?: \w+){0,2} back
    cooldown: recycl\w+ | re-?us\w+ | immediately | churn\w* | short[ -]lived
    max-pods: densit\w+ | pods? per (?:node|host) | how many pods | pod (?:count|limit|capacity)
    secondary ip mode default warm: untuned
        | (?:default|out of the box|stock) (?:mode|setting|behaviou?r|allocation)
    eni: network (?:cards?|interfaces?) | interfaces? | nics?
    multus multi-nic: pods?\b.{0,40}\b(?:second|two|[23]|several|multiple|more than one)\b.{0,9} (?:eni|nic|interface)s?
        | telco | (?:two|2|several|multiple) (?:interface|nic)s?\b.{0,30}\b(?:pod|workload)s?
    subnet discovery chosen: (?:pick|choos|chose|select|decid)\w*\b.{0,20}\bsubnets?
        | subnets?\b.{0,20}\b(?:pick|choos|chose|select)\w*
    connectivity debug: (?:can'?t|cannot|can not|unable to|fail\w* to) (?:reach|connect|talk|ping|resolve)
        | (?:does ?n[o']t|not|never) (?:reach|connect|talk|ping|resolve)
        | unreachable | no connectivity
    limit quota: may (?:a|one|i|we|it) | (?:may|can) (?:have|hold) | allowed | at most | cap | ceiling
        | how many .{0,30}(?:per|can)
    leaked eni available: (?:orphan|zombie|dangling|stale|abandoned|left ?over|left behind|unattached|long gone)\w*
    eni limit: (?:slots?|limits?)\b.{0,25}\b(?:eni|interface)s?
        | (?:eni|interface)s?\b.{0,25}\b(?:slots?|limits?|table)
    primary eni: first (?:eni|interface) | eth0
    secondary cidr: (?:second|additional|extra|another|new|more|added?) (?:\w+ )?(?:cidrs?|ranges?|address space)
    secondary cidr 100.64.0.0/10 custom networking: 100\.6[4-9] | cg-?nat | 198\.1[89] | non-?routable
    custom networking eniconfig subnet: (?:other|different|separate|own|dedicated) (?:pod )?subnets? | pod subnets?
    subnet size addresses per node: masks? | netmask | /2[0-8] (?:subnet|enough|too) | usable
        | how (?:big|large)\b.{0,20}\bsubnets?
    subnet size: (?:bigger|larger|smaller|roomier|resize|enlarge|grow|extend) (?:\w+ )?subnets?
    subnet size: subnets? (?:\w+ ){0,2}(?:bigger|larger|smaller|resiz\w+|enlarg\w+)
    fragmentation contiguous /28: aligned | contiguous | scattered | holes | swiss cheese | defrag\w*
        | (?:free|16|sixteen).{0,12}blocks?
    16 /28 prefix: sixteen
    prefix delegation: /28s?(?: mode| blocks?)? | blocks
    prefix delegation: prefix(?:es)?(?: mode)?
    overlapping cidr private nat: same (?:cidrs?|ranges?|addresses) | overlap\w* | collid\w+ | clash\w*
    enable: (?:turn|switch)(?:ing|ed)? (?:\w+ )?on | activat\w* | flip
    disable roll back: (?:turn|switch)(?:ing|ed)? (?:\w+ )?off | revert | undo
        | (?:go|going|get|switch|roll)(?:ing)? back | back from
    roll out existing nodes: (?:production|live|existing|running) (?:cluster|nodes?) | safe(?:ly)? (?:order|way)
        | without (?:downtime|outage)
    when to use limits costs: pros(?: and|/)? ?cons | drawbacks? | downsides? | trade-?offs? | what do i lose
        | benefits? | advantages?
    upgrade update version: bump\w* | upgrad\w+ | updat\w+
    overwritten drift conflict: vanish\w* | overwrit\w+ | reset\w* | revert\w* | disappear\w* | lost? (?:my|our)
    settings configuration environment: env(?:ironment)? (?:vars?|variables?) | env vars? | flags?
    on-premises snat transit gateway: on-?prem(?:ises|ise)? | direct connect | data ?cent(?:er|re)
        | corporate network | vpn
    snat source address: firewall | source (?:ip|address) | masquerad\w* | sees? the (?:node|worker)
    transit gateway: tgw
    mtu: (?:big|large) (?:\w+ )?(?:payload|packet|request|response)s? | stall\w* | jumbo | fragmented packets
        | 9001 | 1500 bytes
    dns packets eni limit: packets per second | pps | resolver | resolv\w+ | coredns | nxdomain | name lookups?
    az id: names?\b.{0,20}\bzones? | zones?\b.{0,20}\bnames?
    vpc sharing account: other accounts? | across accounts | participant | owner account | shared vpc
        | ram share
    privatelink service consumer: customers? | third part\w+ | vendors?
    pod connectivity: (?:pods?|it|container|which) (?:\w+ )?(?:has|have|gets?|got) (?:an? |its )?(?:ip|address) but
    external snat nat gateway internet: (?:egress|outbound|(?:reach|access|to|from|on|see) the internet|leave the vpc)
    warm eni target spare node takes: (?:two|2|second|extra) enis
        | (?:los\w+|tak\w+|eat\w*|reserv\w+|grab\w*) \d+ (?:ips|addresses) | at boot | fresh node | empty node
        | nothing runs | (?:only|just) \d+ pods
    leaked eni: delet\w+ (?:a |the |my )?(?:subnet|security group|sg|vpc) | dependencyviolation
        | still (?:there|attached|in use)
    private endpoint nodes: private[- ]only | private cluster | endpoint access | airgap\w* | without internet
    nodes do not join: (?:fail\w*|not|cannot|unable) to join | join the cluster | nodecreationfailure
        | bootstrap\w*
    security groups for pods: pods? groups? | per[- ]pod (?:security|sg)
        | (?:security groups?|sgs?) (?:per|for|on) (?:a |one )?pods? | securitygrouppolic\w+
    branch trunk pod-eni limit: branch(?:es)?(?: eni| interface)?s? | trunk | pod-eni
    alternate cni cilium: calico | weave | flannel | antrea | kube-?router
        | (?:other|third[- ]party|different|own) cnis?
    alarm monitoring metrics: alert\w* | alarm\w* | page[sd]? (?:us|me) | notif\w+ | dashboards? | grafana
        | promql | prometheus
    prometheus rules: promql | prometheus | (?:alert|recording) rules?
    cni metrics helper: graph | metric
    load balancer addresses subnet: ingress | albs? | nlbs? | load ?balancers?
    control plane subnets: control[- ]plane | cluster creation | cross-account eni
    ipv6 cluster: dual[- ]?stack | going ipv6 | v6
    windows: win(?:dows)? (?:nodes?|pods?|box(?:es)?|containers?|workers?|hosts?|machines?) | iis
    holders addresses: who (?:holds|uses|owns|has) | top consumers?
    ipamd logs where: checkpoint file | logs?\b.{0,30}\b(?:where|find|located|path|box|node)
        | (?:where|find|locat\w+|path)\b.{0,40}\blogs? | log files? | daemon'?s? logs?
    stuck containercreating exhaustion: (?:stuck|hang\w*|never gets? past) (?:in |at )?(?:containercreating|pending)
        | (?:sits?|stay\w*|remain\w*) (?:in |at )?(?:containercreating|pending|creating)
    no address exhaustion triage: containercreating
    crash loop: crash\w* | restart\w* | 0/[12] | 1/2
    NotReady aws-node: not ?ready
    api throttling requestlimitexceeded: throttl\w* | rate limit\w* | 429 | 503
    ec2 api throttling calls: (?:ec2|api) calls? | number of calls
    security group database: databases? | rds | redis | elasticache | postgres\w* | mysql
    max-pods formula: pods? (?:per|on|for|in) (?:an? )?[a-z]\w+\.\d*\w+ | \d+(?:th|st|nd|rd) pod
    iam permissions: unauthori[sz]ed\w* | access ?denied | permission\w* | iam polic(?:y|ies)
    hyperscale vpc quota: (?:one|a|single|big) vpc (?:can )?(?:hold|support|take)
        | pods? (?:can|per|in) (?:one|a|single) vpc
    change cluster subnets: (?:swap|replac|chang|exchang)\w*\b.{0,20}\bsubnets?
    hyperscale quota network address usage: hundred thousand | 100k | tens of thousands
        | thousands of (?:pods|nodes) | \d{4,} (?:pods|nodes)
"""
"""The field's words, a colon and what people say for them: regular expressions, read as whole words, case ignored.

A line that starts with " | " further in continues the one above; the order has no meaning.
"""

_POINTS_AT = r"""
    one zone full: only (?:in |one )?(?:[1-3][a-f]|az|zone)
        | (?:one|single|1) (?:az|zone)\b.{0,40}\b(?:full|empty|out|dry|fail\w*)
    subnet sizing prefixes in a subnet: how many (?:/28s?|prefix(?:es)?|blocks?)\b.{0,60}
        | /(?:1[6-9]|2[0-7])\b.{0,60}\bhow many (?:/28s?|prefix(?:es)?|blocks?)
    karpenter subnet zone: autoscal\w+\b.{0,50}\b(?:zone|az|subnet)s? | (?:dry|full|empty) (?:zone|az)
    ip cooldown: half a minute | 30 ?s(?:ec\w*)? | thirty seconds
    not released return: (?:still|sits?|keeps?|holds?)\b.{0,20}\b\d+ (?:ips|address\w*) | drained
    multus multi-nic: (?:second|another|additional) (?:interface|nic|network)s?\b.{0,20}\b(?:pod|workload)s?
    security groups for pods enforcing mode: pods? with (?:an? |its )?(?:own |dedicated )?(?:security group|sg)s?
    subnet sizing bigger later: subnets? (?:\w+ ){0,3}(?:resiz\w+|enlarg\w+)
        | (?:resiz\w+|enlarg\w+) (?:\w+ ){0,2}subnets?
    control plane subnets free addresses: (?:e?mail\w*|notice|notif\w+) (?:from |by )?aws
        | aws (?:sent|mail|e-?mail|notif|warn)\w* | impaired
    karpenter subnet zone spread: scheduler\b.{0,40}\bignor\w+
        | (?:each|different|other|one|every|per|same|which) (?:az|zone)s?\b.{0,40}\b(?:full|empty|free|room|fit|left)
    subnet discovery same zone: (?:borrow|share|spill|overflow) \w+ (?:from|of|into) (?:another|other|az|zone|subnet)\w*
    existing nodes replaced roll out: (?:old(?:er)?|existing) (?:node|worker|box|instance|machine)(?:e?s)? (?:keep|use)
        | still (?:use|uses|using|have|has|on|get|gets|single) | before the (?:switch|change|upgrade)
    exhaustion warm pool spare: half[- ]empty | used up | (?:/\d\d|subnets?|address\w*|ips?)\b.{0,20}\bgone | eaten
        | swallow\w* | grab\w* | \d+ nodes and
    ip cooldown churn: (?:cron ?)?jobs?\b.{0,60}\b(?:fail|wait|start|burst|same time|at once)\w* | ci runners?
        | batch | short pods | (?:fail\w*|error\w*)(?: \w+){0,4} then (?:succeed\w*|work\w*|run\w*|recover\w*)
    leaked enis available delete: detached | not attached | terraform destroy | destroy\w* hang\w*
        | hang\w*.{0,30}(?:delet|destroy)\w*
        | (?:node|instance)s? (?:is |are |was |were )?(?:terminat|gone|delet)\w*
    add-on drift overwritten configuration values: edited | by hand | manual(?:ly)?
        | (?:old|previous) (?:values?|settings?) | not applied | (?:went|goes|is|are) back to
    vpc cni add-on configuration: helm values | daemon ?set\b.{0,30}\b(?:edit|chang|reset|back)\w*
    mtu large packets: (?:packets?|payloads?|transfers?)\b.{0,40}\b(?:larger|bigger|big|large|bytes|lost|stall|hang)\w*
        | (?:uploads?|responses?|requests?)\b.{0,40}\b(?:larger|bigger|big|large|bytes|lost|stall|hang)\w*
        | \b1[345]\d\d bytes
    dns timeouts: look-?ups? | name resolution | resolv\w+ | nslookup | \bdig\b
    security groups for pods: (?:one|single|some) (?:service|pod|app\w*|workload)s?\b.{0,40}\b(?:access|allow\w*|only)
        | (?:one|single|some) (?:service|pod|app\w*|workload)s?\b.{0,40}\b(?:in|reach)
        | (?:selected|certain|particular) (?:service|pod|workload)s?
    network policy: namespaces?\b.{0,40}\b(?:reach|talk|block|traffic|den(?:y|ied)|each other)\w*
        | micro-?segment\w* | east[- ]west | isolat\w+ | talk to each other | deny all
    ipv6 cluster new cluster migrate: (?:flip|convert|migrat\w+|switch|chang\w+|move)\b.{0,30}\b(?:ipv6|ipv4|ip family)
        | (?:ipv4|ipv6)\b.{0,40}\b(?:flip|convert|migrat\w+|switch)
    ipv6 pod to ipv4 nat64: ipv6\b.{0,60}\b(?:download|github|ipv4[- ]only|internet|api|reach|connect)\w*
    internet nat gateway reach: (?:pip|npm|apt|yum|dnf) install | docker hub | image registry | download\w*
        | curl
    overlapping cidr private nat: merge[dr]? | acqui\w+ | bought | another company | partner\w* | same 10\.\S+
        | both use
    custom networking eniconfig subnet: wrong (?:subnet|range|zone|az)
        | (?:address|ip)\b.{0,20}\b(?:from|of|in) the (?:wrong|other|old|node)
    max-pods formula: \+ ?2 | two more | off by two | (?:29|58|110|234|250) (?:pods|and not|instead|vs|or)
        | why (?:29|58|110|234|250)
    max-pods kubelet node configuration: kubelet flags? | node image | custom ami
        | (?:user ?data|launch templates?)\b.{0,40}\b(?:kubelet|flag|pods?|max|join)\w* | nodeadm | bootstrap\.sh
    lattice service network: mesh | service[- ]to[- ]service | without peering
    address exhaustion containercreating: (?:pod )?sandbox\w*
        | containers? (?:never|don'?t|do not|won'?t) (?:start|come)
        | (?:pods?|they) (?:sit|hang|wait)\w*\b.{0,30}\bfor an? (?:address|ip)
    warm pool burst start slowly: bursts? | takes? (?:ages|forever|(?:too |very |so )?long) | slow\w* (?:pod )?start\w*
        | (?:pods?|scal\w+)\b.{0,40}\bslow\w* | (?:many|\d\d+|lots of|hundreds of) pods\b.{0,30}\bat once
    max-pods formula: pods?\b.{0,30}\b[a-z]\d\w*(?:-\w+)?\.(?:\d*x?large|medium|small|micro|nano|metal)\S*
    readiness gates deployment targets load balancer: 50[234]s?\b.{0,60}\b(?:[an]lb|load ?bal|ingress|deploy|roll)\w*
        | (?:[an]lb|load ?balancer|ingress)\b.{0,60}\b50[234] | deregist\w+ | draining targets?
    transit gateway: hub[- ]and[- ]spoke | central (?:egress|inspection|network)
    frozen pool minimum ip target: (?:address|ip)\b.{0,20}\bpools?\b.{0,20}\b(?:low|empty|small)
        | pool (?:is )?too low | does nothing
    warm ip target minimum node group different warm pool: one setting | all instance types
        | (?:large|big) and small (?:nodes|instance\w*) | per instance type | mixed (?:instance|node)s?
    ipamd background check pause: (?:wait|pause|interval|retry|retries|how often|seconds between)\w*\b.{0,40}\bipamd
        | ipamd\b.{0,40}\b(?:wait|pause|interval|retry|retries|often)\w*
    holders monitoring ipam: (?:which|what) team | by team | charge ?back | who (?:eats|takes) | consumption
    node group upgrade surge addresses: surge | roll(?:ing)? (?:the |a )?node
        | (?:upgrade|update)\w*\b.{0,30}\b(?:fit|room|enough|extra nodes)
    subnet size addresses per node: fit in | will it fit | enough for
    eni addresses kept released: (?:stops?|stopp\w+|reboot\w*) (?:an |the )?(?:instance|node)
"""
"""A subject's words, a colon and what people see of it when they do not name it; written like the table above."""

VARIANTS = frozenset(stem(word) for word in ("windows", "fargate", "ipv6", "karpenter", "lattice", "auto", "multus"))
"""Stems that set a topic apart: without them a question is about the ordinary case, EC2 Linux nodes with IPv4."""


def implied(text: str) -> str:
    """The field's words for the everyday ones in a text, separated by spaces; empty when there are none."""
    return " ".join(words for pattern, words in (*_entries(_SAME_THING), *_entries(_POINTS_AT)) if pattern.search(text))


@lru_cache(maxsize=2)
def _entries(table: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    joined = re.sub(r"\n {5,}\| ", " | ", table).strip().splitlines()
    found: list[tuple[re.Pattern[str], str]] = []
    for line in joined:
        words, _, alternatives = line.strip().partition(": ")
        pattern = "|".join(alternatives.split(" | "))
        found.append((re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE), words))
    return tuple(found)
