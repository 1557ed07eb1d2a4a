"""The Redis users of examples/redis-acl: one for each role, and for some roles one a tenant."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

RULES = Path(__file__).parents[1] / "examples" / "redis-acl" / "users.acl"
SHARED = {"worker", "operator"}


def grant(admin: Any, tenant: str) -> None:
    """Make the users of the roles, as the file has them, with this tenant in the place of its own."""
    for line in RULES.read_text().splitlines():
        _, name, *rules = line.split()
        if name != "default":  # with which the tests do what an owner of the server does
            words = [rule.replace(":acme", f":{tenant}") for rule in rules]
            admin.execute_command("ACL", "SETUSER", name.replace("-acme", f"-{tenant}"), "reset", *words)


def as_role(url: str, role: str, tenant: str = "acme") -> str:
    """The URL of the same server for a role's user."""
    parts = urlsplit(url)
    user = role if role in SHARED else f"{role}-{tenant}"
    return parts._replace(netloc=f"{user}:CHANGE-{role}@{parts.hostname}:{parts.port}").geturl()
