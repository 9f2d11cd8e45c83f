"""Field: how strongly a text speaks of this field, by the words it uses and by those of its neighbours."""

import re

from knowledge.vocabulary import subjects_seen

_OURS = (
    r"vpc[- ]?cni|aws-?node|ipam-?d|ipamd|aws-cni|eni ?configs?|enis?|cidrs?|secondary[- ]ip|max-?pods?"
    r"|warm[- _](?:ip|eni|prefix|pool|target)\w*|min(?:imum)?[- _]ip[- _]target|prefix(?:es)? (?:delegation|mode)"
    r"|enable[_ ]prefix\w*|custom[- ]networking|pod[- ]eni|branch (?:eni|interface)s?|trunk(?:ing)?"
    r"|containercreating|failedcreatepodsandbox\w*|insufficient(?:cidr|free|private|vpc)\w*|vpc\.amazonaws\.com\S*"
    r"|ip(?:v4|v6)?(?: address(?:es)?)?[- ](?:exhaust|leak|cool)\w*"
    r"|(?:pod|node|free|spare|warm|secondary|available) (?:ips?|address(?:es)?)|ips? per (?:node|eni|pod|subnet)"
    r"|(?:out of|no|more|fewer|how many) (?:\w+ )?(?:ips?|address(?:es)?)\b|aws-?k8s\S*|network address usage|nau"
    r"|100\.64\S*|cg-?nat|externalsnat|external snat|snat|cni|lattice|karpenter|fargate|auto mode|multus|cluster ?ip"
    r"|service cidr|securitygrouppolic\w*|nodeclass|awscni_\w+|cool-?down|sgp|enforcing mode|amazonvpc\w*"
    r"|amazoneks_cni\w*|subnet discovery|cidr reservations?|privatelink|transit gateway|tgw|vpc peering|shared vpc"
    r"|vpc sharing|network polic(?:y|ies)|networkpolic\w+|dns(?:64)?|nat64|coredns|conntrack\w*|mtu|eniconfig\w*"
    r"|linklocal\w*|(?:secondary|additional|second) (?:ranges?|cidrs?)|(?:un)?assign(?:private|ipv6)\w+"
    r"|how many pods|pods? (?:max|limits?|counts?|density|cap)|pods? per (?:node|host|instance|box|worker)"
    r"|(?:max(?:imum)?|cap|limits?|ceiling)\b.{0,30}\bpods?|api (?:is )?private|aws_vpc_\w+|172\.20\S*|10\.100\S*"
    r"|availableipaddress\w*|totalipaddress\w*|maxipaddress\w*|assignipaddress\w*"
)
"""Words that hardly anybody types who asks about something else."""

_NETWORK = (
    r"vpcs?|subnets?|ips?|ipv[46]|address(?:es)?|interfaces?|nics?|security groups?|sgs?|azs?|availability zones?"
    r"|zones?|nat gateways?|nat|route tables?|routes?|endpoints?|plugin|add-?on|prefix(?:es)?|ranges?|blocks?|pools?"
    r"|warm|network(?:ing|s)?|on-?prem(?:ises)?|vpn|cilium|calico|overlay|load ?balancers?|[an]lbs?|traffic|packets?"
    r"|peering|internet|egress|bandwidth|mbps|gbps|throughput|latency|firewalls?|gateways?|lan|tcp|udp|ports?"
    r"|public access|private access|sandbox(?:es)?|masks?|kube-?proxy|resolv\w+|webhooks?|control plane"
)
"""Words of networking that the field shares with its neighbours: several of them together speak for it."""

_KUBERNETES = (
    r"pods?|nodes?|workers?|containers?|kubelet|daemon ?sets?|clusters?|node ?groups?|k8s|kubernetes|kubectl"
    r"|api server|windows|eks|ec2|ingress|metrics?|namespaces?|aws|instances?"
)
"""Words of Kubernetes and EC2 at large: they speak for this field beside a word of networking, else for another."""

_PLATFORMS = (
    r"azure|aks|gke|gcp|google|openshift|digital ?ocean|alibaba|oracle|oke|heroku|vmware|vsphere|cisco|juniper"
    r"|metallb|minikube|kubespray|rancher|rke2?|k3s|nomad|docker|podman|wi-?fi|home router|hetzner|linode|kubeadm"
    r"|kops|microk8s|fortinet|palo alto|mikrotik|oci|vcn|vnet|kubenet|gcloud|tanzu|laptops?'? (?:ip|network)"
    r"|dhcp (?:pool|server|lease)s?"
    r"|warm pools? (?:for|of|in|on|with) (?:an? |the |my |our )?(?:ec2 )?(?:auto ?scaling|asg)\w*"
    r"|(?:auto ?scaling|asg)(?: groups?)?'?s? warm pools?"
)
"""Other clouds and networks, and EC2 Auto Scaling's warm pools, which share nothing but the name."""

_SERVICES = (
    r"cloudfront|s3|dynamo ?db|rds|aurora|msk|kafka|sqs|sns|cognito|redshift|glue|athena|sagemaker|bedrock|ecs"
    r"|elasti ?cache|beanstalk|lightsail|route ?53|kinesis|code ?(?:build|pipeline|deploy)|step ?functions?"
    r"|opensearch|document ?db|neptune|lambdas?|api gateway|cloud ?formation|kms|acm|ebs|efs|gp[23]|ecr|waf|appsync"
    r"|eventbridge|ses|workspaces|amplify|savings plans?|billing|invoice|git(?:hub|lab)?|jenkins|argo ?cd?|flux|helm"
    r"|keda|velero|hpa|horizontal pod autoscaler|vpa|oom ?killed|image ?pull ?(?:back ?off|err\w*|secrets?|polic\w+)"
    r"|err ?image ?pull|pvcs?|persistent ?volume\w*|storage ?class\w*|cron ?jobs? (?:schedule|never)"
    r"|config ?maps? key|secrets?|rbac|kubeconfig|buckets?|gpus?|java\w*|python|react|spring|mysql|postgres\w*"
    r"|mongo\w*|redis|nginx|excel|tensorflow|stateful ?sets?|cert-?manager|lets ?encrypt|certificates?|passwords?"
    r"|mfa|oidc|saml|vim|regex|css|html|sql|ospf|bgp|vlans?|site[- ]to[- ]site|disk ?pressure|memory ?pressure"
    r"|evict\w+|taints?|tolerations?|auto ?scaling group warm pool|warm pool lifecycle|lifecycle hooks?|weather|poem"
    r"|joke|recipe|song|president|capital of|football|istio|linkerd|consul|envoy|traefik|haproxy|kong|external-?dns"
    r"|external[- ]secrets?|fluent ?(?:bit|d)|logstash|kibana|elastic ?search|loki|jaeger|otel|open ?telemetry"
    r"|splunk|vault|ldap|active directory|okta|keycloak|kustomize|skaffold|spinnaker|tekton|circle ?ci|bitbucket"
    r"|ansible|airflow|spark|hadoop|emr|snowflake|databricks|cassandra|rabbitmq|memcached|maria ?db|oracle db"
    r"|clickhouse|quicksight|guard ?duty|inspector|macie|security hub|global accelerator|code ?artifact|x-?ray"
    r"|trusted advisor|control tower|data ?sync|transfer family|snowball|lake query|client vpn|vpn tunnels?"
    r"|link aggregation|etcd|kubernetes dashboard|k9s|crds? versions?|operator sdk|cluster ?role ?bindings?"
    r"|map(?:roles|users)|iam users?|stock price|bitcoin|flight|ignore (?:all|previous|your)|system prompt"
    r"|you are now|developer mode|repeat the text|</?\w+>"
)
"""Other services, tools and subjects of AWS and Kubernetes, small talk, and attempts to steer the answer."""

_NEIGHBOURS = (
    r"cpu|memory|ssh|pricing|price|(?:per|a) (?:gb|gib)|elastic ips?|(?:resource )?requests and limits"
    r"|resource limits|stopped posting|50[0-4] (?:bad|errors?|gateway)|health ?checks?|sticky sessions?"
    r"|cost explorer|registrar|scps?|(?:write|compose|draft) (?:me )?an? \w+"
    r"|kubectl logs (?:follow|-f|previous|--previous)|not scaling down|scal\w+ (?:\w+ ){0,3}to zero|drain a node"
    r"|logs? retention|account access|console login|ephemeral storage|disruption budgets?|pdbs?|flask|django"
    r"|node\.?js|ansible|terraform state|create an? (?:eks |new )?cluster (?:with|using|in)|eksctl create \w+"
    r"|service account tokens?|costs?\b.{0,40}\bper (?:hour|month|day|year|gb|gib|tb)"
    r"|(?:flow|access|audit) logs? (?:cost|price|format|query)\w*|listeners?|listener rules?|sticky|path[- ]based"
    r"|host[- ]based|redirects?|rewrite\S*|status checks?|support plans?|extended support"
    r"|end of (?:life|standard support)|release calendar|session manager|(?:node|pod) ?(?:anti-?)?affinity"
    r"|node ?selectors?|kubectl (?:top|cp|completion|krew|config|scale|patch)"
    r"|restart a (?:deployment|pod|stateful ?set)|spot (?:prices?|fleets?|requests?|savings?)"
    r"|(?:with|on|using) spot instances|reserved instances|(?:grafana|dashboard) (?:dashboard )?variables?"
    r"|remote write|prometheus (?:retention|operator|storage|federation)|root volumes?|init containers?"
    r"|config ?maps? (?:mount|volume|reload)\w*|your (?:configuration|instructions|prompt)|printers?"
    r"|(?:the|everything) above|who (?:are|made) you|what can you do|how are you|select \* from|drop table|port 22"
    r"|idle timeouts?|(?:copy|dump|restore|back ?up|migrate) (?:an? |the |my )?database|lunch|dinner|coffee|birthday"
    r"|movies?|holidays?|haiku|translate|pirates?"
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

_ALONE_WEIGHT = -0.1
"""The weight of a word of Kubernetes without any word of networking: labels, logs and roles are another field."""

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
    network = {found.rstrip("s") for found in _said(_NETWORK_WORDS, text)}
    kubernetes = {found.rstrip("s") for found in _said(_KUBERNETES_WORDS, text)}
    # EKS has more to it than its network.
    own = len(_said(_OUR_WORDS, text)) + (1 if network and "ek" in kubernetes else 0)
    # What is seen of a subject counts only beside a word of the field: jobs fail and alarms ring elsewhere too.
    seen = subjects_seen(text) if network or kubernetes else 0
    return (
        own
        + _SHARED_WEIGHT * (len(network) + seen)
        + (_SHARED_WEIGHT if own or network or seen else _ALONE_WEIGHT) * len(kubernetes)
        - _PLATFORM_WEIGHT * len(_said(_PLATFORM_WORDS, text))
        - (_TARGET_WEIGHT if _REACHES_OUT.search(text) else _SERVICE_WEIGHT) * len(_said(_SERVICE_WORDS, text))
        - _NEIGHBOUR_WEIGHT * len(_said(_NEIGHBOUR_WORDS, text))
    )


def _said(words: re.Pattern[str], text: str) -> set[str]:
    return {found.lower() for found in words.findall(text)}


_OUR_WORDS = re.compile(rf"\b(?:{_OURS})\b|{_MASK}", re.IGNORECASE)
_NETWORK_WORDS = re.compile(rf"\b(?:{_NETWORK})\b", re.IGNORECASE)
_KUBERNETES_WORDS = re.compile(rf"\b(?:{_KUBERNETES})\b", re.IGNORECASE)
_PLATFORM_WORDS = re.compile(rf"\b(?:{_PLATFORMS})\b", re.IGNORECASE)
_SERVICE_WORDS = re.compile(rf"\b(?:{_SERVICES})(?!\w)", re.IGNORECASE)
_NEIGHBOUR_WORDS = re.compile(rf"\b(?:{_NEIGHBOURS})\b", re.IGNORECASE)
