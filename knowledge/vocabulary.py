"""Vocabulary: everyday words and the field's words for them, and how strongly a text speaks of this field.

Topics are written in the words of AWS and Kubernetes; people ask in their own ("the box", "stale cards", "second
range"). Each entry adds the field's words to a question, at a lower weight than what was typed.
"""

import re
from functools import lru_cache

from knowledge.words import stem

_IMPLIED: tuple[tuple[str, str], ...] = (
    # Kubernetes and machines
    (r"workers?|box(?:es)?|machines?|hosts?|instances?", "node"),
    (r"containers?|workloads?|deployments?|replicas?", "pod"),
    (r"node ?groups?|asg|auto ?scaling group", "managed node group"),
    (r"auto-?scal\w+|scale[sd]?(?:[ -](?:up|out))?", "new nodes launch"),
    (r"daemon", "ipamd aws-node"),
    (r"(?:no|without|lacks?|missing) (?:\w+ )?(?:ips?|address(?:es)?)", "address exhaustion"),
    (r"(?:the |aws |amazon |stock )+(?:network )?plugin", "vpc cni"),
    (r"(?:on|from|behind) (?:a |the )?laptop|kubectl (?:logs|exec)|webhooks?", "control plane"),
    # addresses and pools
    (r"ips?", "address"),
    (r"address(?:es)?", "ip"),
    (r"(?:run|ran|running|nearly|almost|completely) (?:out|dry)|exhaust\w+|used up|no more|ran out", "exhaustion"),
    (r"(?:hoard|hog|sit|idle|wast|unused|burn|hold|eat)\w*", "warm pool unused addresses"),
    (r"spare|surplus|idle|unused|headroom|buffer", "warm pool free"),
    (
        r"(?:never|not|won'?t|don'?t|doesn'?t).{0,30}(?:free|give|given|hand|return|releas|shrink|drop)\w*",
        "not released",
    ),
    (r"(?:give|gave|given|hand(?:ed)?)(?: \w+){0,2} back", "release return"),
    (r"recycl\w+|re-?us\w+|immediately|churn\w*|short[ -]lived", "cooldown"),
    (r"densit\w+|pods? per (?:node|host)|how many pods|pod (?:count|limit|capacity)", "max-pods"),
    (
        r"untuned|(?:default|out of the box|stock) (?:mode|setting|behaviou?r|allocation)",
        "secondary ip mode default warm",
    ),
    # interfaces
    (r"network (?:cards?|interfaces?)|interfaces?|nics?", "eni"),
    (
        r"pods?\b.{0,40}\b(?:second|two|several|multiple|more than one) (?:network )?(?:interface|eni|nic)s?",
        "multus multi-nic",
    ),
    (
        r"(?:pick|choos|chose|select|decid)\w*\b.{0,20}\bsubnets?|subnets?\b.{0,20}\b(?:pick|choos|chose|select)\w*",
        "subnet discovery chosen",
    ),
    (
        r"(?:can'?t|cannot|can not|unable to|fail\w* to|does ?n[o']t|never|not) (?:reach|connect|talk|ping|resolve)|unreachable|no connectivity",
        "connectivity debug reach",
    ),
    (
        r"may (?:a|one|i|we|it)|(?:may|can) (?:have|hold)|allowed|at most|cap|ceiling|how many .{0,30}(?:per|can)",
        "limit quota",
    ),
    (
        r"(?:orphan|zombie|dangling|stale|abandoned|left ?over|left behind|unattached|long gone)\w*",
        "leaked eni available",
    ),
    (
        r"(?:slots?|limits?)\b.{0,25}\b(?:eni|interface)s?|(?:eni|interface)s?\b.{0,25}\b(?:slots?|limits?|table)",
        "eni limit",
    ),
    (r"first (?:eni|interface)|eth0", "primary eni"),
    # subnets and ranges
    (
        r"(?:second|additional|extra|another|new|more|added?) (?:\w+ )?(?:cidrs?|ranges?|address space)",
        "secondary cidr",
    ),
    (r"100\.6[4-9]|cg-?nat|198\.1[89]|non-?routable", "secondary cidr 100.64.0.0/10 custom networking"),
    (r"(?:other|different|separate|own|dedicated) (?:pod )?subnets?|pod subnets?", "custom networking subnet"),
    (
        r"masks?|netmask|/2[0-8] (?:subnet|enough|too)|usable|how (?:big|large)\b.{0,20}\bsubnets?",
        "subnet size addresses per node",
    ),
    (r"(?:bigger|larger|smaller|roomier|resize|enlarge|grow|extend) (?:\w+ )?subnets?", "subnet size"),
    (r"subnets? (?:\w+ ){0,2}(?:bigger|larger|smaller|resize|enlarge)", "subnet size"),
    (
        r"aligned|contiguous|scattered|holes|swiss cheese|defrag\w*|(?:free|16|sixteen).{0,12}blocks?",
        "fragmentation contiguous /28",
    ),
    (r"sixteen", "16 /28 prefix"),
    (r"/28s?(?: mode| blocks?)?|blocks", "prefix delegation"),
    (r"prefix(?:es)?(?: mode)?", "prefix delegation"),
    (r"same (?:cidrs?|ranges?|addresses)|overlap\w*|collid\w+|clash\w*", "overlapping cidr private nat"),
    # changes
    (r"(?:turn|switch)(?:ing|ed)? (?:\w+ )?on|activat\w*|flip", "enable"),
    (
        r"(?:turn|switch)(?:ing|ed)? (?:\w+ )?off|revert|undo|(?:go|going|get|switch|roll)(?:ing)? back|back from",
        "disable roll back",
    ),
    (
        r"(?:production|live|existing|running) (?:cluster|nodes?)|safe(?:ly)? (?:order|way)|without (?:downtime|outage)",
        "roll out existing nodes",
    ),
    (
        r"pros(?: and|/)? ?cons|drawbacks?|downsides?|trade-?offs?|what do i lose|benefits?|advantages?",
        "when to use limits costs",
    ),
    (r"bump\w*|upgrad\w+|updat\w+", "upgrade update version"),
    (r"vanish\w*|overwrit\w+|reset\w*|revert\w*|disappear\w*|lost? (?:my|our)", "overwritten drift conflict"),
    (r"env(?:ironment)? (?:vars?|variables?)|env vars?", "settings configuration environment"),
    # traffic
    (
        r"on-?prem(?:ises|ise)?|direct connect|data ?cent(?:er|re)|corporate network|vpn",
        "on-premises snat transit gateway",
    ),
    (r"firewall|source (?:ip|address)|masquerad\w*|sees? the (?:node|worker)", "snat source address"),
    (r"tgw", "transit gateway"),
    (
        r"(?:big|large) (?:\w+ )?(?:payload|packet|request|response)s?|stall\w*|jumbo|fragmented packets|9001|1500 bytes",
        "mtu",
    ),
    (r"packets per second|pps|resolver|resolv\w+|coredns|nxdomain|name lookups?", "dns packets eni limit"),
    (r"names?\b.{0,20}\bzones?|zones?\b.{0,20}\bnames?", "az id"),
    (r"other accounts?|across accounts|participant|owner account|shared vpc|ram share", "vpc sharing account"),
    (r"customers?|third part\w+|vendors?", "privatelink service consumer"),
    (
        r"(?:pods?|it|container|which) (?:\w+ )?(?:has|have|gets?|got) (?:an? |its )?(?:ip|address) but",
        "pod connectivity",
    ),
    (
        r"(?:egress|outbound|(?:reach|access|to|from|on|see) the internet|leave the vpc)",
        "external snat nat gateway internet",
    ),
    (
        r"(?:two|2|second|extra) enis|(?:los\w+|tak\w+|eat\w*|reserv\w+|grab\w*) \d+ (?:ips|addresses)|at boot|fresh node|empty node|nothing runs|(?:only|just) \d+ pods",
        "warm eni target spare node takes",
    ),
    (
        r"delet\w+ (?:a |the |my )?(?:subnet|security group|sg|vpc)|dependencyviolation|still (?:there|attached|in use)",
        "leaked eni",
    ),
    (r"private[- ]only|private cluster|endpoint access|airgap\w*|without internet", "private endpoint nodes"),
    (r"(?:fail\w*|not|cannot|unable) to join|join the cluster|nodecreationfailure|bootstrap\w*", "nodes do not join"),
    (
        r"pods? groups?|per[- ]pod (?:security|sg)|(?:security groups?|sgs?) (?:per|for|on) (?:a |one )?pods?|securitygrouppolic\w+",
        "security groups for pods",
    ),
    (r"branch(?:es)?(?: eni| interface)?s?|trunk|pod-eni", "branch trunk pod-eni limit"),
    (r"calico|weave|flannel|antrea|kube-?router|(?:other|third[- ]party|different|own) cnis?", "alternate cni cilium"),
    (
        r"alert\w*|alarm\w*|page[sd]? (?:us|me)|notif\w+|dashboards?|grafana|promql|prometheus",
        "alarm monitoring metrics",
    ),
    (r"promql|prometheus|(?:alert|recording) rules?", "prometheus rules"),
    (r"graph|metric", "cni metrics helper"),
    (r"ingress|albs?|nlbs?|load ?balancers?", "load balancer addresses subnet"),
    (r"control[- ]plane|cluster creation|cross-account eni", "control plane subnets"),
    (r"dual[- ]?stack|going ipv6|v6", "ipv6 cluster"),
    (r"win(?:dows)? nodes?|iis", "windows"),
    (r"who (?:holds|uses|owns|has)|top consumers?", "holders addresses"),
    (
        r"checkpoint file|logs?\b.{0,30}\b(?:where|find|located|path|box|node)|(?:where|find|locat\w+|path)\b.{0,40}\blogs?|log files?|daemon'?s? logs?",
        "ipamd logs where",
    ),
    (
        r"(?:stuck|hang\w*|never gets? past|sits?|stay\w*|remain\w*) (?:in |at )?(?:containercreating|pending|creating)",
        "stuck containercreating exhaustion",
    ),
    (r"containercreating", "no address exhaustion triage"),
    (r"crash\w*|restart\w*|0/[12]|1/2", "crash loop"),
    (r"not ?ready", "NotReady aws-node"),
    (r"throttl\w*|rate limit\w*|429|503", "api throttling requestlimitexceeded"),
    (r"(?:ec2|api) calls?|number of calls", "ec2 api throttling calls"),
    (r"unauthori[sz]ed\w*|access ?denied|permission\w*|iam polic(?:y|ies)", "iam permissions"),
    (
        r"hundred thousand|100k|tens of thousands|thousands of (?:pods|nodes)|\d{4,} (?:pods|nodes)",
        "hyperscale quota network address usage",
    ),
)
"""Everyday words and the field's words for them, read as whole words, case ignored; the order has no meaning."""

_POINTS_AT: tuple[tuple[str, str], ...] = (
    # subjects told by what is seen, without their name
    (
        r"(?:e?mail\w*|notice|notif\w+) (?:from |by )?aws|aws (?:sent|mail|e-?mail|notif|warn)\w*|impaired",
        "control plane subnets free addresses",
    ),
    (
        r"scheduler\b.{0,40}\bignor\w+|(?:each|different|other|one|every|per|same|which) (?:az|zone)s?\b.{0,40}\b(?:full|empty|free|room|fit|left|number)",
        "karpenter subnet zone spread",
    ),
    (
        r"(?:borrow|share|spill|overflow|use) \w+ (?:from|of|into) (?:another|other|az|zone|subnet)\w*",
        "subnet discovery same zone",
    ),
    (
        r"old(?:er)? nodes? (?:still|keep|use)|still (?:use|uses|using|have|has|on|get|gets|single)|before the (?:switch|change|upgrade)",
        "existing nodes replaced roll out",
    ),
    (r"half[- ]empty|used up|gone|eaten|swallow\w*|grab\w*|\d+ nodes and", "exhaustion warm pool spare"),
    (
        r"(?:cron ?)?jobs?\b.{0,60}\b(?:fail|wait|start|burst|same time|at once)\w*|ci runners?|batch|short pods|(?:fail\w*|error\w*)(?: \w+){0,4} then (?:succeed\w*|work\w*|run\w*|recover\w*)",
        "ip cooldown churn",
    ),
    (
        r"detached|not attached|terraform destroy|destroy\w* hang\w*|hang\w*.{0,30}(?:delet|destroy)\w*|(?:node|instance)s? (?:is |are |was |were )?(?:terminat|gone|delet)\w*",
        "leaked enis available delete",
    ),
    (
        r"edited|by hand|manual(?:ly)?|(?:old|previous) (?:values?|settings?)|not applied|(?:went|goes|is|are) back to",
        "add-on drift overwritten configuration values",
    ),
    (r"helm values|daemon ?set\b.{0,30}\b(?:edit|chang|reset|back)\w*", "vpc cni add-on configuration"),
    (
        r"(?:packets?|payloads?|transfers?|uploads?|responses?|requests?)\b.{0,40}\b(?:larger|bigger|big|large|bytes|lost|stall|hang)\w*|\b1[345]\d\d bytes",
        "mtu large packets",
    ),
    (r"look-?ups?|name resolution|resolv\w+|nslookup|\bdig\b", "dns timeouts"),
    (r"databases?|rds|redis|elasticache|postgres\w*|mysql", "security group database"),
    (
        r"(?:one|single|some|certain|selected|particular) (?:service|pod|app\w*|workload|deployment)s?\b.{0,40}\b(?:in|access|allow\w*|reach|only)",
        "security groups for pods",
    ),
    (r"namespaces?|micro-?segment\w*|east[- ]west|isolat\w+|talk to each other|deny all", "network policy"),
    (
        r"(?:flip|convert|migrat\w+|switch|chang\w+|move)\b.{0,30}\b(?:ipv6|ipv4|ip family)|(?:ipv4|ipv6)\b.{0,40}\b(?:flip|convert|migrat\w+|switch)",
        "ipv6 cluster new cluster migrate",
    ),
    (r"ipv6\b.{0,60}\b(?:download|github|ipv4[- ]only|internet|api|reach|connect)\w*", "ipv6 pod to ipv4 nat64"),
    (r"(?:pip|npm|apt|yum|dnf) install|docker hub|image registry|download\w*|curl", "internet nat gateway reach"),
    (r"merge[dr]?|acqui\w+|bought|another company|partner\w*|same 10\.\S+|both use", "overlapping cidr private nat"),
    (
        r"wrong (?:subnet|range|zone|az)|(?:address|ip)\b.{0,20}\b(?:from|of|in) the (?:wrong|other|old|node)",
        "custom networking eniconfig subnet",
    ),
    (
        r"\+ ?2|two more|off by two|(?:29|58|110|234|250) (?:pods|and not|instead|vs|or)|why (?:29|58|110|234|250)",
        "max-pods formula",
    ),
    (
        r"kubelet flags?|node image|custom ami|user ?data|launch templates?|nodeadm|bootstrap\.sh",
        "max-pods kubelet node configuration",
    ),
    (r"mesh|service[- ]to[- ]service|without peering", "lattice service network"),
    (r"hub[- ]and[- ]spoke|central (?:egress|inspection|network)", "transit gateway"),
    (
        r"(?:address|ip)\b.{0,20}\bpools?\b.{0,20}\b(?:low|empty|small)|pool (?:is )?too low|does nothing",
        "frozen pool minimum ip target",
    ),
    (
        r"one setting|all instance types|(?:large|big) and small (?:nodes|instance\w*)|per instance type|mixed (?:instance|node)s?",
        "warm ip target minimum node group different warm pool",
    ),
    (
        r"(?:wait|pause|interval|retry|retries|how often|seconds between)\w*\b.{0,40}\bipamd|ipamd\b.{0,40}\b(?:wait|pause|interval|retry|retries|often)\w*",
        "ipamd background check pause",
    ),
    (r"(?:which|what) team|by team|charge ?back|who (?:eats|takes)|consumption", "holders monitoring ipam"),
    (
        r"surge|roll(?:ing)? (?:the |a )?node|(?:upgrade|update)\w*\b.{0,30}\b(?:fit|room|enough|extra nodes)",
        "node group upgrade surge addresses",
    ),
    (r"fit in|will it fit|enough for", "subnet size addresses per node"),
    (r"(?:stops?|stopp\w+|reboot\w*) (?:an |the )?(?:instance|node)", "eni addresses kept released"),
)
"""What people see of a subject when they do not name it, and the subject: read like the table above."""


_OURS = re.compile(
    r"\b(?:eks|vpc[- ]?cni|aws-?node|ipam-?d|ipamd|aws-cni|eni ?configs?|enis?|cidrs?|secondary[- ]ip|max-?pods?"
    r"|warm[- _](?:ip|eni|prefix|pool|target)\w*|min(?:imum)?[- _]ip[- _]target|prefix(?:es)? (?:delegation|mode)"
    r"|enable[_ ]prefix\w*|custom[- ]networking|pod[- ]eni|branch (?:eni|interface)s?|trunk(?:ing)?"
    r"|containercreating|failedcreatepodsandbox\w*|insufficient(?:cidr|free|private|vpc)\w*|vpc\.amazonaws\.com\S*"
    r"|ip(?:v4|v6)?(?: address(?:es)?)?[- ](?:exhaust|leak|cool)\w*|(?:pod|node|free|spare|warm|secondary|available) (?:ips?|address(?:es)?)"
    r"|ips? per (?:node|eni|pod|subnet)|(?:out of|no|more|fewer|how many) (?:\w+ )?(?:ips?|address(?:es)?)\b"
    r"|aws-?k8s\S*|network address usage|nau|100\.64\S*|cg-?nat|externalsnat|external snat|snat|c6?ni|lattice"
    r"|karpenter|fargate|auto mode|multus|cluster ?ip|service cidr|securitygrouppolic\w*|nodeclass|awscni_\w+"
    r"|cool-?down|sgp|enforcing mode|amazonvpc\w*|amazoneks_cni\w*|subnet discovery|cidr reservations?|privatelink|transit gateway|tgw|vpc peering|shared vpc|vpc sharing"
    r"|network polic(?:y|ies)|networkpolic\w+|dns(?:64)?|nat64|coredns|conntrack\w*|mtu|eniconfig\w*|linklocal\w*"
    r"|(?:secondary|additional|second) (?:ranges?|cidrs?)|(?:un)?assign(?:private|ipv6)\w+|availableipaddress\w*|totalipaddress\w*|maxipaddress\w*|assignipaddress\w*)\b"
    r"|/(?:1[6-9]|2[0-8]|80)\b",
    re.IGNORECASE,
)
"""Words that hardly anybody types who asks about something else."""

_NEAR_BY = re.compile(
    r"\b(?:pods?|nodes?|workers?|containers?|vpcs?|subnets?|ips?|ipv[46]|address(?:es)?|interfaces?|kubelet"
    r"|kube-?proxy|daemon ?sets?|clusters?|node ?groups?|k8s|kubernetes|kubectl|security groups?|sgs?|azs?"
    r"|availability zones?|nat gateways?|route tables?|control plane|api server|endpoints?|cni|plugin|add-?on"
    r"|prefix(?:es)?|ranges?|blocks?|pools?|network(?:ing|s)?|webhooks?|windows|on-?prem(?:ises)?|vpn|ec2|cilium"
    r"|calico|overlay|load ?balancers?|[an]lbs?|ingress|metrics?|traffic|packets?|namespaces?|zones?|aws|peering|instances?|nics?)\b",
    re.IGNORECASE,
)
"""Words the field shares with its neighbours: several of them together speak for it."""

_OTHER_PLATFORM = re.compile(
    r"\b(?:azure|aks|gke|gcp|google|openshift|digital ?ocean|alibaba|oracle|oke|heroku|vmware|vsphere|cisco|juniper"
    r"|minikube|kubespray|rancher|rke2?|k3s|nomad|docker|podman|wi-?fi|home router)\b",
    re.IGNORECASE,
)
_OTHER_SERVICE = re.compile(
    r"\b(?:cloudfront|s3|dynamo ?db|rds|aurora|msk|kafka|sqs|sns|cognito|redshift|glue|athena|sagemaker|bedrock|ecs"
    r"|elasti ?cache|beanstalk|lightsail|route ?53|kinesis|code ?(?:build|pipeline|deploy)|step ?functions?|opensearch"
    r"|document ?db|neptune|lambdas?|api gateway|cloud ?formation|kms|acm|ebs|efs|gp[23]|ecr|waf|appsync|eventbridge|ses"
    r"|workspaces|amplify|savings plans?|billing|invoice|git(?:hub|lab)?|jenkins|argo ?cd?|flux|helm|keda|velero|hpa"
    r"|horizontal pod autoscaler|vpa|oom ?killed|image ?pull\w*|pvcs?|persistent ?volume\w*|storage ?class\w*"
    r"|cron ?jobs? (?:schedule|never)|config ?maps? key|secrets?|rbac|kubeconfig|buckets?|gpus?|java\w*|python|react"
    r"|spring|mysql|postgres\w*|mongo\w*|redis|nginx|excel|tensorflow|stateful ?sets?|cert-?manager|lets ?encrypt|tls"
    r"|certificates?|passwords?|mfa|oidc|saml|vim|regex|css|html|sql|ospf|bgp|vlans?|site[- ]to[- ]site"
    r"|disk ?pressure|memory ?pressure|evict\w+|taints?|tolerations?|auto ?scaling group warm pool|warm pool lifecycle"
    r"|lifecycle hooks?|weather|poem|joke|recipe|song|president|capital of|football|stock price|bitcoin|flight"
    r"|ignore (?:all|previous|your)|system prompt|you are now|developer mode|repeat the text|</?\w+>)(?!\w)",
    re.IGNORECASE,
)
_NEIGHBOUR_SUBJECT = re.compile(
    r"\b(?:cpu|memory|ssh|pricing|price|(?:per|a) (?:gb|gib)|per hour|elastic ips?|(?:resource )?requests and limits|resource limits"
    r"|stopped posting|50[0-4] (?:bad|errors?|gateway)|health ?checks?|sticky sessions?|cost explorer|registrar|scps?|(?:write|compose|draft) (?:me )?an? \w+|kubectl logs (?:follow|-f|previous|--previous)|scal(?:e|ing) (?:down|to zero)|drain a node|logs? retention|account access|console login"
    r"|ephemeral storage|flask|django|node\.?js|ansible|terraform state|create an? (?:eks |new )?cluster (?:with|using|in)|service account tokens?)\b",
    re.IGNORECASE,
)
"""Subjects of neighbours: nodes, clusters and AWS without their networking."""

_REACHES_OUT = re.compile(
    r"\b(?:pods?|nodes?|cluster|workers?|containers?)\b.{0,60}\b(?:reach|connect|talk|access|egress|timed? ?outs?|download|pull|call)",
    re.IGNORECASE | re.DOTALL,
)
"""A pod that reaches for a service: the service's name is then where to, not what about."""


VARIANTS = frozenset(stem(word) for word in ("windows", "fargate", "ipv6", "karpenter", "lattice", "auto", "multus"))
"""Stems that set a topic apart: without them a question is about the ordinary case, EC2 Linux nodes with IPv4."""


def implied(text: str) -> str:
    """The field's words for the everyday ones in a text, separated by spaces; empty when there are none."""
    return " ".join(words for pattern, words in (*_patterns(_IMPLIED), *_patterns(_POINTS_AT)) if pattern.search(text))


def speaks_of_field(text: str) -> float:
    """How strongly a text speaks of this field: 1 for each word of its own, 0.34 for each shared one, less for others'.

    0 and below says nothing for it; from 1 on the question is about this field unless another one is its subject.
    """
    ours = {found.lower() for found in _OURS.findall(text)}
    shared = {found.lower().rstrip("s") for found in _NEAR_BY.findall(text)}
    platforms = {found.lower() for found in _OTHER_PLATFORM.findall(text)}
    services = {found.lower() for found in _OTHER_SERVICE.findall(text)}
    neighbours = {found.lower() for found in _NEIGHBOUR_SUBJECT.findall(text)}
    service_weight = _TARGET if _REACHES_OUT.search(text) else _SERVICE
    return (
        len(ours)
        + _SHARED
        * (len(shared) + (sum(1 for pattern, _ in _patterns(_POINTS_AT) if pattern.search(text)) if shared else 0))
        - _PLATFORM * len(platforms)
        - service_weight * len(services)
        - _NEIGHBOUR * len(neighbours)
    )


_SHARED = 0.34
"""Three shared words, such as pod, node and address, weigh as much as one of the field's own."""

_PLATFORM = 4.0
"""Another cloud's name outweighs what its networking shares with this one: subnets, pods, addresses."""

_SERVICE = 1.5
"""Another service's name outweighs one word of the field: it can stand beside a subject of this field as well."""

_TARGET = 0.3
"""The same where a pod or node reaches for that service."""

_NEIGHBOUR = 1.5
"""A neighbour's subject outweighs four shared words or one of the field's own."""


@lru_cache(maxsize=2)
def _patterns(table: tuple[tuple[str, str], ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE), field) for words, field in table)
