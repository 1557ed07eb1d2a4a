"""Names and passwords as they come from people, checked."""

import os
import unicodedata
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from cli.problems import Problem
from domain.envelope import CommandId, TenantName
from domain.fields import phrase_in
from domain.permissions import Permission

_LONGEST_USER = 255
_LONGEST_PASSWORD = 1024


def tenant_name(text: str) -> str:
    """A tenant's name. Raises Problem for what no command could bear."""
    return _of_its_form(text, TenantName, "a tenant's name")


def command_id(text: str) -> str:
    """A command's id. Raises Problem for what no command could bear."""
    return _of_its_form(text, CommandId, "a command's id")


def _of_its_form(text: str, form: Any, what: str) -> str:
    try:
        return TypeAdapter[str](form).validate_python(text)
    except ValidationError:
        raise Problem(f"{what} must be {phrase_in(get_args(form))}") from None


def user_name(text: str) -> str:
    """A user's name. Raises Problem for what HTTP Basic, or the database, cannot hold."""
    if not 1 <= len(text) <= _LONGEST_USER or ":" in text or _has_control_characters(text):
        raise Problem("a user's name must be 1 to 255 characters without colon and control characters")
    return text


def _has_control_characters(text: str) -> bool:
    return any(unicodedata.category(character) in ("Cc", "Cs") for character in text)


def password(raw: bytes) -> str:
    """A password as it was read, with its newline. Raises Problem for what HTTP Basic (RFC 7617) cannot hold."""
    line = raw.removesuffix(b"\n").removesuffix(b"\r") if raw.endswith(b"\n") else raw
    if not 1 <= len(line) <= _LONGEST_PASSWORD:
        raise Problem("a password must be 1 to 1024 bytes long")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Problem("a password must be UTF-8") from None
    if _has_control_characters(text):
        raise Problem("a password must not contain control characters, so it is one line")
    return text


def password_in(variable: str) -> str:
    """The password that an environment variable has. Raises Problem."""
    found = os.environ.get(variable)
    if not found:
        raise Problem(f"the variable {variable} has no password: set it, or name another with --password-env")
    return found


def permissions(names: list[str], *, every: bool) -> list[Permission]:
    """Permissions by their full or short names, in any case. Raises Problem."""
    if every == bool(names):
        raise Problem("name each permission with --permission, or give --all-permissions")
    return list(Permission) if every else list(dict.fromkeys(map(_permission, names)))


def _permission(name: str) -> Permission:
    for permission in Permission:
        if name.upper() in (permission.name, permission.value):
            return permission
    raise Problem(f"there is no permission {name}; there are {', '.join(permission.name for permission in Permission)}")
