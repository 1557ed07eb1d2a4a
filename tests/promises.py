"""What publishers were promised of refusals, written down from the documents."""

PROMISED = {
    "malformed-command": (400, None),
    "command-too-large": (400, None),
    "unknown-operation": (400, None),
    "bad-credentials": (401, None),
    "permission-denied": (403, None),
    "provision-profile-not-found": (404, None),
    "plan-definition-not-found": (404, None),
    "pcc-profile-not-found": (404, None),
    "subscriber-not-found": (404, None),
    "provision-profile-exists": (409, None),
    "default-profile-exists": (409, None),
    "plan-definition-exists": (409, None),
    "plan-definition-finalised": (409, None),
    "pcc-profile-exists": (409, None),
    "subscriber-exists": (409, None),
    "imsi-in-use": (409, None),
    "validation-failed": (412, None),
    "max-plan-count": (422, 1),
    "command-id-reused": (422, 2),
    "core-plan-not-recurring": (422, 3),
    "no-pcc-profile": (422, 4),
    "item-reference": (422, 5),
    "bulk-answer-too-large": (422, 6),
    "internal-error": (500, None),
    "overloaded": (503, None),
}
"""Statuses and error codes by reason: what publishers build on. Whoever changes one breaks them."""

MESSAGES = {
    "provision-profile-not-found": "provisioning profile not found",
    "plan-definition-not-found": "plan definition not found",
    "pcc-profile-not-found": "pcc profile not found",
    "subscriber-not-found": "subscriber not found",
    "max-plan-count": "Subscriber max plan count exceeded",
    "command-id-reused": "Command id was used for a different command",
    "core-plan-not-recurring": "A core plan must be recurring",
    "no-pcc-profile": "A plan definition needs a PCC profile before it is finalised",
    "item-reference": "Item reference cannot be resolved",
    "bulk-answer-too-large": "Answer does not fit into the bulk's outcome",
    "internal-error": "Internal server error - [reference {reference}]",
}
"""Messages that the documents of the REST interface fix."""
