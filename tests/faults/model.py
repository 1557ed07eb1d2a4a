"""What commands about subscribers should do, in the simplest words: it is told of one after another."""

import json
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]

FIELDS = {
    "msisdn": "msisdn",
    "imsi": "imsi",
    "class": "subscriber_class",
    "zone": "zone",
    "qosCategoryName": "qos_category_name",
    "tag": "tag",
}
"""The members that the model follows, and their columns."""

READS = ("subscriber.get",)
UNDECIDED = (500, 503)


@dataclass
class Model:
    """All tenants' subscribers, and the ids that were used."""

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    used: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)

    def judge(self, command: dict[str, Any], event: dict[str, Any]) -> str:
        """What is wrong with the event as the command's outcome; nothing if it is right. The model goes on from it."""
        if event["status"] in UNDECIDED:
            return ""
        tenant, command_id = command["tenant"], command["id"]
        asked = json.dumps([command["operation"], command["params"], command.get("payload")], sort_keys=True)
        known = self.used.get((tenant, command_id))
        if known is not None:
            expected = known[1] if known[0] == asked else 422
            return _different(expected, None, event) or ("" if event.get("replayed") or expected == 422 else "replayed")
        if event.get("replayed"):
            return "a replay of what was never executed"
        status, row, after = self._execute(command)
        wrong = _different(status, row, event)
        if not command.get("dryRun") and command["operation"] not in READS:
            self.used[tenant, command_id] = (asked, status)
            self._change(tenant, command["params"]["msisdn"], status, after)
        return wrong

    def _execute(self, command: dict[str, Any]) -> tuple[int, Row | None, Row | None]:
        """The status, what is told of the row, and the row as it is then."""
        msisdn = command["params"]["msisdn"]
        row = self.rows.get((command["tenant"], msisdn))
        operation = command["operation"]
        if operation == "subscriber.create":
            made = dict.fromkeys(FIELDS) | command["payload"]
            return (409, None, row) if row else (201, made, made)
        if row is None:
            return 404, None, None
        if operation == "subscriber.delete":
            return 200, None, None
        if operation == "subscriber.update":
            row = row | command["payload"]
        elif operation == "fault.count":
            row = row | {"zone": str(int(row["zone"] or 0) + 1)}
        return 200, row, row

    def _change(self, tenant: str, msisdn: str, status: int, after: Row | None) -> None:
        if after is not None:
            self.rows[tenant, msisdn] = after
        elif status < 300:
            del self.rows[tenant, msisdn]


def _different(status: int, row: Row | None, event: dict[str, Any]) -> str:
    if event["status"] != status:
        return f"status {event['status']}, expected {status}"
    if row is not None and any(event["data"].get(name) != row[name] for name in FIELDS):
        return "data of another state"
    return ""
