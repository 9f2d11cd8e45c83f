# The role that eksip assumes to read address use in one account. It can change nothing.
#
#   terraform -chdir=deploy/iam/terraform/member-account init
#   terraform -chdir=deploy/iam/terraform/member-account apply \
#     -var caller_arn=arn:aws:iam::111122223333:role/eksip -var external_id=A-LONG-RANDOM-WORD
#
# Or use the folder as a module, once with the provider of each account. For a whole organization at once there is
# ../organization.

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "caller_arn" {
  description = "ARN of the role or user that eksip runs as, in its own account."
  type        = string
}

variable "external_id" {
  description = "The word that eksip must present as external_id when it assumes the role."
  type        = string
  sensitive   = true
}

variable "lists_organization" {
  description = "Whether eksip lists the organization's accounts through this one: the management account or a delegated administrator."
  type        = bool
  default     = false
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.caller_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
    }
  }
}

data "aws_iam_policy_document" "read" {
  statement {
    sid = "ReadAddressUse"
    actions = [
      "autoscaling:DescribeAutoScalingGroups",
      "autoscaling:DescribeScalingActivities",
      "cloudwatch:DescribeAlarms",
      "cloudwatch:GetMetricData",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeInstances",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeRegions",
      "ec2:DescribeRouteTables",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcPeeringConnections",
      "ec2:DescribeVpcs",
      "ec2:GetSubnetCidrReservations",
      "eks:DescribeAddon",
      "eks:DescribeCluster",
      "eks:DescribeFargateProfile",
      "eks:DescribeNodegroup",
      "eks:ListClusters",
      "eks:ListFargateProfiles",
      "eks:ListNodegroups",
      "servicequotas:ListServiceQuotas",
    ]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = var.lists_organization ? [1] : []

    content {
      sid       = "FindMemberAccounts"
      actions   = ["organizations:ListAccounts"]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role" "reader" {
  name                 = "eksip-reader"
  description          = "Read by eksip, the IP capacity assistant for EKS."
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "read" {
  name   = "read-address-use"
  role   = aws_iam_role.reader.name
  policy = data.aws_iam_policy_document.read.json
}

output "role_arn" {
  description = "The role_arn of this account in eksip.toml."
  value       = aws_iam_role.reader.arn
}
