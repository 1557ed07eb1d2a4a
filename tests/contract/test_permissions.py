"""Each operation asks for exactly the documented permission; and no tenant sees anything of another one's."""

import json

from adapters.users import remove_user, set_password, set_permissions
from domain.permissions import Permission
from tests.contract.described import DESCRIBED
from tests.contract.expectations import Asked, check
from tests.contract.installation import Installation, Sender, basic
from tests.contract.scene import ADA, set_up


def test_there_are_no_other_permissions_than_the_documented() -> None:
    documented = {f"SPCM_{described.permission}_PERMISSION" for described in DESCRIBED.values()}
    assert {str(permission) for permission in Permission} == documented


FORBIDDEN = {"status": 403, "reason": "permission-denied", "retryable": False}


def test_an_operation_needs_its_permission_and_no_other(installation: Installation) -> None:
    """A user is given one permission after the other, another all but that one; dry runs change nothing.

    403 comes before the 400 of params.
    """
    sender = installation.add_tenant()
    set_up(sender)
    only = installation.add_user(sender.tenant, "only", permissions=())
    but = installation.add_user(sender.tenant, "but")
    for name in sorted({described.permission for described in DESCRIBED.values()}):
        permission = Permission[name]
        with installation.engine.begin() as connection:
            set_permissions(connection, sender.tenant, "only", [permission])
            set_permissions(connection, sender.tenant, "but", set(Permission) - {permission})
        asked = []
        for operation, described in DESCRIBED.items():
            for user, allowed in ((only, described.permission == name), (but, described.permission != name)):
                what, params = f"{operation} {name}", described.params
                command = user.command(operation, described.payload, params=params, dryRun=True)
                if allowed:
                    asked.append(Asked(what, command, {"status": described.status}))
                    continue
                wrong = user.command(operation, described.payload, params={**params, "no": 1}, dryRun=True)
                asked.append(Asked(what, command, FORBIDDEN | {"subject": described.about}))
                asked.append(Asked(f"{what}, wrong params", wrong, FORBIDDEN | {"subject": None}))
        check(sender, asked)


def test_another_tenants_resources_are_not_found_and_not_seen(installation: Installation, sender: Sender) -> None:
    set_up(sender)
    stranger = installation.add_tenant()
    asked = []
    for name, described in DESCRIBED.items():
        if described.about is None or name == "subscriber.create":
            continue
        command = stranger.command(name, described.payload, params=described.params)
        nobody = {"status": 404, "source": f"/spcm/{stranger.tenant}", "tenant": stranger.tenant}
        asked.append(Asked(name, command, nobody))
    events = check(stranger, asked)
    for (name, described), event in zip(((each.what, DESCRIBED[each.what]) for each in asked), events, strict=True):
        # In the very words that are told of what never was.
        unknown = [refusal.reason for refusal in described.refusals if refusal.status == 404]
        assert event["reason"] == unknown[0], name
    reads = stranger.run(
        stranger.command("provisionProfile.list"),
        stranger.command("planDefinition.search"),
        stranger.command("subscriber.search", params={"imsi": "871"}),
        stranger.command("subscriber.search", params={"imei": ADA["imei"]}),
    )
    assert [event["data"].get("length") for event in reads] == [0, 0, None, None]
    assert [event["status"] for event in reads] == [200, 200, 404, 404]


def test_what_is_unique_is_unique_within_a_tenant_only(installation: Installation, sender: Sender) -> None:
    set_up(sender)
    stranger = installation.add_tenant()
    set_up(stranger)  # the same names, numbers and default profile; and ids that begin at 1
    stranger.run(stranger.command("subscriber.delete", params={"msisdn": "0871"}))
    assert sender.ask("subscriber.get", params={"msisdn": "0871"})["status"] == 200


def test_a_user_of_one_tenant_is_nobody_in_another(installation: Installation, sender: Sender) -> None:
    other = installation.add_tenant()
    own = installation.add_user(other.tenant, "other", password="else")
    forged = own.command("provisionProfile.list", tenant=sender.tenant)
    [event] = sender.run(forged)
    assert (event["status"], event["tenant"]) == (401, sender.tenant)
    assert own.ask("provisionProfile.list")["status"] == 200


def test_a_change_of_a_user_obeys_from_the_next_command_on(installation: Installation, sender: Sender) -> None:
    user = installation.add_user(sender.tenant, "user")
    assert user.ask("provisionProfile.list")["status"] == 200
    with installation.engine.begin() as connection:
        set_permissions(connection, sender.tenant, "user", [Permission.SUBSCRIBER_READ])
    assert user.ask("provisionProfile.list")["status"] == 403
    with installation.engine.begin() as connection:
        set_permissions(connection, sender.tenant, "user", Permission)
        set_password(connection, sender.tenant, "user", "changed")
    assert user.ask("provisionProfile.list")["status"] == 401
    user.authorization = basic("user", "changed")
    assert user.ask("provisionProfile.list")["status"] == 200
    with installation.engine.begin() as connection:
        remove_user(connection, sender.tenant, "user")
    [event] = user.run(user.command("provisionProfile.list"))
    assert event["status"] == 401
    assert "changed" not in json.dumps(event)
