"""Field: how strongly a text speaks of this field, by the words it uses and by those of its neighbours."""

import re

from knowledge.vocabulary import subjects_seen

_OURS = (
    r"eks|vpc[- ]?cni|aws-?node|ipam-?d|ipamd|aws-cni|eni ?configs?|enis?|cidrs?|secondary[- ]ip|max-?pods?"
    r"|warm[- _](?:ip|eni|prefix|pool|target)\w*|min(?:imum)?[- _]ip[- _]target"
    r"|prefix(?:es)? (?:delegation|mode)|enable[_ ]prefix\w*|custom[- ]networking|pod[- ]eni"
    r"|branch (?:eni|interface)s?|trunk(?:ing)?|containercreating|failedcreatepodsandbox\w*"
    r"|insufficient(?:cidr|free|private|vpc)\w*|vpc\.amazonaws\.com\S*"
    r"|ip(?:v4|v6)?(?: address(?:es)?)?[- ](?:exhaust|leak|cool)\w*"
    r"|(?:pod|node|free|spare|warm|secondary|available) (?:ips?|address(?:es)?)"
    r"|ips? per (?:node|eni|pod|subnet)|(?:out of|no|more|fewer|how many) (?:\w+ )?(?:ips?|address(?:es)?)\b"
    r"|aws-?k8s\S*|network address usage|nau|100\.64\S*|cg-?nat|externalsnat|external snat|snat|cni"
    r"|lattice|karpenter|fargate|auto mode|multus|cluster ?ip|service cidr|securitygrouppolic\w*|nodeclass"
    r"|awscni_\w+|cool-?down|sgp|enforcing mode|amazonvpc\w*|amazoneks_cni\w*|subnet discovery"
    r"|cidr reservations?|privatelink|transit gateway|tgw|vpc peering|shared vpc|vpc sharing"
    r"|network polic(?:y|ies)|networkpolic\w+|dns(?:64)?|nat64|coredns|conntrack\w*|mtu|eniconfig\w*"
    r"|linklocal\w*|(?:secondary|additional|second) (?:ranges?|cidrs?)|(?:un)?assign(?:private|ipv6)\w+"
    r"|availableipaddress\w*|totalipaddress\w*|maxipaddress\w*|assignipaddress\w*"
)
"""Words that hardly anybody types who asks about something else."""

_SHARED = (
    r"pods?|nodes?|workers?|containers?|vpcs?|subnets?|ips?|ipv[46]|address(?:es)?|interfaces?|kubelet"
    r"|kube-?proxy|daemon ?sets?|clusters?|node ?groups?|k8s|kubernetes|kubectl|security groups?|sgs?|azs?"
    r"|availability zones?|nat gateways?|route tables?|control plane|api server|endpoints?|cni|plugin"
    r"|add-?on|prefix(?:es)?|ranges?|blocks?|pools?|network(?:ing|s)?|webhooks?|windows|on-?prem(?:ises)?"
    r"|vpn|ec2|cilium|calico|overlay|load ?balancers?|[an]lbs?|ingress|metrics?|traffic|packets?|namespaces?"
    r"|zones?|aws|peering|instances?|nics?"
)
"""Words the field shares with its neighbours: several of them together speak for it."""

_PLATFORMS = (
    r"azure|aks|gke|gcp|google|openshift|digital ?ocean|alibaba|oracle|oke|heroku|vmware|vsphere|cisco"
    r"|juniper|minikube|kubespray|rancher|rke2?|k3s|nomad|docker|podman|wi-?fi|home router"
)
"""Other clouds and networks."""

_SERVICES = (
    r"cloudfront|s3|dynamo ?db|rds|aurora|msk|kafka|sqs|sns|cognito|redshift|glue|athena|sagemaker|bedrock"
    r"|ecs|elasti ?cache|beanstalk|lightsail|route ?53|kinesis|code ?(?:build|pipeline|deploy)"
    r"|step ?functions?|opensearch|document ?db|neptune|lambdas?|api gateway|cloud ?formation|kms|acm|ebs"
    r"|efs|gp[23]|ecr|waf|appsync|eventbridge|ses|workspaces|amplify|savings plans?|billing|invoice"
    r"|git(?:hub|lab)?|jenkins|argo ?cd?|flux|helm|keda|velero|hpa|horizontal pod autoscaler|vpa|oom ?killed"
    r"|image ?pull\w*|pvcs?|persistent ?volume\w*|storage ?class\w*|cron ?jobs? (?:schedule|never)"
    r"|config ?maps? key|secrets?|rbac|kubeconfig|buckets?|gpus?|java\w*|python|react|spring|mysql"
    r"|postgres\w*|mongo\w*|redis|nginx|excel|tensorflow|stateful ?sets?|cert-?manager|lets ?encrypt"
    r"|certificates?|passwords?|mfa|oidc|saml|vim|regex|css|html|sql|ospf|bgp|vlans?|site[- ]to[- ]site"
    r"|disk ?pressure|memory ?pressure|evict\w+|taints?|tolerations?|auto ?scaling group warm pool"
    r"|warm pool lifecycle|lifecycle hooks?|weather|poem|joke|recipe|song|president|capital of|football"
    r"|stock price|bitcoin|flight|ignore (?:all|previous|your)|system prompt|you are now|developer mode"
    r"|repeat the text|</?\w+>"
)
"""Other services, tools and subjects of AWS and Kubernetes, small talk, and attempts to steer the answer."""

_NEIGHBOURS = (
    r"cpu|memory|ssh|pricing|price|(?:per|a) (?:gb|gib)|elastic ips?"
    r"|(?:resource )?requests and limits|resource limits|stopped posting|50[0-4] (?:bad|errors?|gateway)"
    r"|health ?checks?|sticky sessions?|cost explorer|registrar|scps?"
    r"|(?:write|compose|draft) (?:me )?an? \w+|kubectl logs (?:follow|-f|previous|--previous)"
    r"|not scaling down|scal\w+ (?:\w+ ){0,3}to zero|drain a node|logs? retention|account access|console login"
    r"|ephemeral storage|disruption budgets?|pdbs?|flask|django|node\.?js|ansible|terraform state"
    r"|create an? (?:eks |new )?cluster (?:with|using|in)|service account tokens?"
)
"""Subjects of neighbours: nodes, clusters and AWS without their networking."""

_MASK = r"/(?:1[6-9]|2[0-8]|80)\b"

_REACHES_OUT = re.compile(
    r"\b(?:pods?|nodes?|cluster|workers?|containers?)\b.{0,60}"
    r"\b(?:reach|connects?\b|connecting|talk|access|egress|timed? ?outs?|download|pull|call)",
    re.IGNORECASE | re.DOTALL,
)
"""A pod that reaches for a service: the service's name is then where to, not what about."""

_SHARED_WEIGHT = 0.34
"""Three shared words, such as pod, node and address, weigh as much as one of the field's own."""

_PLATFORM_WEIGHT = 4.0
"""Another cloud's name outweighs what its networking shares with this one: subnets, pods, addresses."""

_SERVICE_WEIGHT = 1.5
"""Another service's name outweighs one word of the field: it can stand beside a subject of this field as well."""

_TARGET_WEIGHT = 0.3
"""The same where a pod or node reaches for that service."""

_NEIGHBOUR_WEIGHT = 1.5
"""A neighbour's subject outweighs four shared words or one of the field's own."""


def speaks_of_field(text: str) -> float:
    """How strongly a text speaks of this field: 1 for each word of its own, 0.34 for each shared one, less for others'.

    0 and below says nothing for it; from 1 on the question is about this field unless another one is its subject.
    """
    shared = {found.rstrip("s") for found in _said(_SHARED_WORDS, text)}
    # What is seen of a subject counts only beside a word of the field: jobs fail and alarms ring elsewhere too.
    seen = subjects_seen(text) if shared else 0
    return (
        len(_said(_OUR_WORDS, text))
        + _SHARED_WEIGHT * (len(shared) + seen)
        - _PLATFORM_WEIGHT * len(_said(_PLATFORM_WORDS, text))
        - (_TARGET_WEIGHT if _REACHES_OUT.search(text) else _SERVICE_WEIGHT) * len(_said(_SERVICE_WORDS, text))
        - _NEIGHBOUR_WEIGHT * len(_said(_NEIGHBOUR_WORDS, text))
    )


def _said(words: re.Pattern[str], text: str) -> set[str]:
    return {found.lower() for found in words.findall(text)}


_OUR_WORDS = re.compile(rf"\b(?:{_OURS})\b|{_MASK}", re.IGNORECASE)
_SHARED_WORDS = re.compile(rf"\b(?:{_SHARED})\b", re.IGNORECASE)
_PLATFORM_WORDS = re.compile(rf"\b(?:{_PLATFORMS})\b", re.IGNORECASE)
_SERVICE_WORDS = re.compile(rf"\b(?:{_SERVICES})(?!\w)", re.IGNORECASE)
_NEIGHBOUR_WORDS = re.compile(rf"\b(?:{_NEIGHBOURS})\b", re.IGNORECASE)
