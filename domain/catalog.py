"""All operations: importing this module fills the table."""

from domain import bulk, pcc_profiles, plan_definitions, provisioning_profiles, subscribers, tagged_subscribers
from domain.operations import OPERATIONS

__all__ = [
    "OPERATIONS",
    "bulk",
    "pcc_profiles",
    "plan_definitions",
    "provisioning_profiles",
    "subscribers",
    "tagged_subscribers",
]
