"""Who may do what: permissions by their documented names, and the user who was found to hold them."""

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """One allowed action, by the name that the documents give it."""

    PROVISION_PROFILE_CREATE = "SPCM_PROVISION_PROFILE_CREATE_PERMISSION"
    PROVISION_PROFILE_READ = "SPCM_PROVISION_PROFILE_READ_PERMISSION"
    PROVISION_PROFILE_UPDATE = "SPCM_PROVISION_PROFILE_UPDATE_PERMISSION"
    PROVISION_PROFILE_DELETE = "SPCM_PROVISION_PROFILE_DELETE_PERMISSION"
    PLAN_DEFINITION_CREATE = "SPCM_PLAN_DEFINITION_CREATE_PERMISSION"
    PLAN_DEFINITION_READ = "SPCM_PLAN_DEFINITION_READ_PERMISSION"
    PLAN_DEFINITION_DELETE = "SPCM_PLAN_DEFINITION_DELETE_PERMISSION"
    SUBSCRIBER_CREATE = "SPCM_SUBSCRIBER_CREATE_PERMISSION"
    SUBSCRIBER_READ = "SPCM_SUBSCRIBER_READ_PERMISSION"
    SUBSCRIBER_UPDATE = "SPCM_SUBSCRIBER_UPDATE_PERMISSION"
    SUBSCRIBER_DELETE = "SPCM_SUBSCRIBER_DELETE_PERMISSION"


@dataclass(frozen=True, slots=True)
class Principal:
    """A user whose password was verified, within the tenant that the user belongs to."""

    tenant: str
    user: str
    permissions: frozenset[str]
