"""All operations: importing this module fills the table."""

from domain import pcc_profiles, plan_definitions, provisioning_profiles, subscribers
from domain.operations import OPERATIONS

__all__ = ["OPERATIONS", "pcc_profiles", "plan_definitions", "provisioning_profiles", "subscribers"]
