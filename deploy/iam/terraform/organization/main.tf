# The eksip-reader role in every account of an organization, present and future: a CloudFormation StackSet over
# ../../member-account-role.yaml. Apply it in the management account or a delegated administrator of StackSets:
#
#   terraform -chdir=deploy/iam/terraform/organization init
#   terraform -chdir=deploy/iam/terraform/organization apply \
#     -var caller_arn=arn:aws:iam::111122223333:role/eksip -var external_id=A-LONG-RANDOM-WORD \
#     -var 'organizational_unit_ids=["r-abcd"]'
#
# Service-managed stack sets leave the management account out: give it the role by ../member-account, with
# lists_organization = true if eksip discovers the accounts through it.

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

variable "organizational_unit_ids" {
  description = "The organization's root, or the units whose accounts get the role."
  type        = list(string)
}

variable "region" {
  description = "The one region that the stacks are kept in; the role itself is global."
  type        = string
  default     = "us-east-1"
}

resource "aws_cloudformation_stack_set" "reader" {
  name             = "eksip-reader"
  description      = "The role that eksip assumes to read address use."
  permission_model = "SERVICE_MANAGED"
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_body    = file("${path.module}/../../member-account-role.yaml")

  parameters = {
    CallerArn         = var.caller_arn
    ExternalId        = var.external_id
    ListsOrganization = "false"
  }

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }

  operation_preferences {
    failure_tolerance_percentage = 100
    max_concurrent_percentage    = 100
  }

  lifecycle {
    # AWS fills this in for service-managed stack sets.
    ignore_changes = [administration_role_arn]
  }
}

resource "aws_cloudformation_stack_set_instance" "reader" {
  stack_set_name = aws_cloudformation_stack_set.reader.name
  region         = var.region

  deployment_targets {
    organizational_unit_ids = var.organizational_unit_ids
  }
}
