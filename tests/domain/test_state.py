import pytest

from domain.provisioning_profiles import PROVISIONING_PROFILES, ProvisioningProfile
from domain.state import Defaults, State
from domain.subscribers import SUBSCRIBERS, Subscriber
from tests.domain.source import Memory


def subscriber(number: str, created: int = 1, **values: object) -> Subscriber:
    flags = dict.fromkeys(("dps_notification", "eos_notification", "payg_notification"), False)
    return Subscriber.model_validate({"msisdn": number, "created": created, **flags, **values})


def profile(number: int, name: str = "p") -> ProvisioningProfile:
    return ProvisioningProfile(id=number, name=name, default_profile=False)


class Stop(Exception):
    """Raised in the middle of an attempt."""


def test_the_source_is_asked_once_for_each_question(memory: Memory) -> None:
    source = memory.source("acme")
    state = State(source, Defaults())
    for _ in range(3):
        assert state.find(SUBSCRIBERS.by(msisdn="1")) is None
        assert state.find(SUBSCRIBERS.by(imsi="1")) is None
        assert state.all(PROVISIONING_PROFILES.by()) == []
    assert source.loads == [SUBSCRIBERS.by(msisdn="1"), SUBSCRIBERS.by(imsi="1"), PROVISIONING_PROFILES.by()]


def test_what_was_put_is_seen_and_written_once(memory: Memory, state: State) -> None:
    ada = state.put(SUBSCRIBERS, subscriber("1", imsi="7"))
    assert state.find(SUBSCRIBERS.by(imsi="7")) is ada
    state.write()
    state.write()
    assert memory.source("acme").load(SUBSCRIBERS.by()) == [ada]
    assert memory.source("other").load(SUBSCRIBERS.by()) == []


def test_ids_grow_and_go_on_after_what_was_given_before(memory: Memory, state: State) -> None:
    memory.last_ids["acme", PROVISIONING_PROFILES.name] = 6
    assert [state.next_id(PROVISIONING_PROFILES) for _ in range(3)] == [7, 8, 9]
    state.write()
    assert memory.last_ids == {("acme", PROVISIONING_PROFILES.name): 9}


def test_an_attempt_that_raises_leaves_nothing_behind(memory: Memory, state: State) -> None:
    ada = state.put(SUBSCRIBERS, subscriber("1", imsi="7"))

    def attempt() -> None:
        with state.attempt():
            state.put(SUBSCRIBERS, subscriber("2"))
            state.put(SUBSCRIBERS, subscriber("1", imsi="8"))
            state.put(PROVISIONING_PROFILES, profile(state.next_id(PROVISIONING_PROFILES)))
            raise Stop

    with pytest.raises(Stop):
        attempt()
    assert state.find(SUBSCRIBERS.by(msisdn="2")) is None
    assert state.find(SUBSCRIBERS.by(imsi="8")) is None
    assert state.find(SUBSCRIBERS.by(imsi="7")) is ada
    assert state.next_id(PROVISIONING_PROFILES) == 1
    state.write()
    assert memory.source("acme").load(SUBSCRIBERS.by()) == [ada]
    assert memory.source("acme").load(PROVISIONING_PROFILES.by()) == []


def test_an_attempt_can_be_undone_and_others_stay(state: State) -> None:
    with state.attempt():
        state.put(SUBSCRIBERS, subscriber("1"))
    with state.attempt() as undo:
        state.remove(SUBSCRIBERS, subscriber("1"))
        state.put(SUBSCRIBERS, subscriber("2"))
        undo()
    assert [each.msisdn for each in state.all(SUBSCRIBERS.by())] == ["1"]


def test_attempts_within_attempts_are_undone_from_the_inside_out(state: State) -> None:
    def fail() -> None:
        with state.attempt():
            state.put(SUBSCRIBERS, subscriber("2"))
            raise Stop

    with state.attempt() as undo:
        state.put(SUBSCRIBERS, subscriber("1"))
        with pytest.raises(Stop):
            fail()
        with state.attempt():
            state.put(SUBSCRIBERS, subscriber("3"))
        assert [each.msisdn for each in state.all(SUBSCRIBERS.by())] == ["1", "3"]
        undo()
    assert state.all(SUBSCRIBERS.by()) == []


def test_a_set_based_change_sees_what_the_batch_did_before_and_is_seen_after(state: State) -> None:
    state.put(SUBSCRIBERS, subscriber("1", tag="a"))
    state.put(SUBSCRIBERS, subscriber("2", tag="b"))
    with state.attempt(set_based=True):
        assert state.update_all(SUBSCRIBERS.by(tag="a"), {"zone": "z"}) == 1
    found = {each.msisdn: each.zone for each in state.all(SUBSCRIBERS.by())}
    assert found == {"1": "z", "2": None}


@pytest.mark.parametrize("how", ["raises", "is undone"])
def test_a_set_based_attempt_goes_back_to_what_the_batch_had_done(memory: Memory, state: State, how: str) -> None:
    state.put(SUBSCRIBERS, subscriber("1", tag="a"))
    state.put(PROVISIONING_PROFILES, profile(state.next_id(PROVISIONING_PROFILES)))

    def attempt() -> None:
        with state.attempt(set_based=True) as undo:
            state.put(SUBSCRIBERS, subscriber("2", tag="a"))
            state.put(PROVISIONING_PROFILES, profile(state.next_id(PROVISIONING_PROFILES), "q"))
            assert state.update_all(SUBSCRIBERS.by(tag="a"), {"tag": "b"}) == 2
            if how == "raises":
                raise Stop
            undo()

    if how == "raises":
        with pytest.raises(Stop):
            attempt()
    else:
        attempt()
    assert [(each.msisdn, each.tag) for each in state.all(SUBSCRIBERS.by())] == [("1", "a")]
    assert state.next_id(PROVISIONING_PROFILES) == 2
    state.write()
    assert [each.name for each in memory.source("acme").load(PROVISIONING_PROFILES.by())] == ["p"]


class TestNewest:
    """Of those in the database and those of the batch, the one created last."""

    LOOKUP = SUBSCRIBERS.newest_by(imei="i")

    @pytest.fixture
    def five(self, memory: Memory, state: State) -> State:
        """Five with this imei in the database, 4 the newest."""
        first = State(memory.source("acme"), Defaults())
        for number in range(5):
            first.put(SUBSCRIBERS, subscriber(str(number), number, imei="i"))
        first.write()
        return state

    def newest(self, state: State) -> str | None:
        found = state.find(self.LOOKUP)
        return None if found is None else found.msisdn

    def test_is_that_of_the_database_when_the_batch_did_nothing(self, five: State) -> None:
        assert self.newest(five) == "4"

    def test_is_asked_for_alone_and_once_however_many_are_in_memory(self, memory: Memory, five: State) -> None:
        source = memory.source("acme")
        state = State(source, Defaults())
        for number in range(100, 120):
            state.put(SUBSCRIBERS, subscriber(str(number), number, imei="i"))
            assert self.newest(state) == str(number)
        assert source.newest_counts == [1]

    def test_is_not_looked_for_again_among_those_that_the_batch_took_away(self, memory: Memory, five: State) -> None:
        source = memory.source("acme")
        state = State(source, Defaults())
        for number in (2, 3, 4):
            state.put(SUBSCRIBERS, subscriber(str(number), number, imei="other"))
        assert [self.newest(state) for _ in range(10)] == ["1"] * 10
        assert source.newest_counts == [1, 2, 4]

    def test_is_one_that_the_batch_made(self, five: State) -> None:
        five.put(SUBSCRIBERS, subscriber("x", 9, imei="i"))
        assert self.newest(five) == "x"

    def test_is_the_next_when_the_batch_took_some_away(self, five: State) -> None:
        five.find(SUBSCRIBERS.by(msisdn="4"))
        five.remove(SUBSCRIBERS, subscriber("4", 4, imei="i"))
        five.put(SUBSCRIBERS, subscriber("3", 3, imei="other"))
        assert self.newest(five) == "2"

    def test_is_one_that_the_batch_changed_in_other_ways(self, five: State) -> None:
        five.put(SUBSCRIBERS, subscriber("4", 4, imei="i", zone="z"))
        found = five.find(self.LOOKUP)
        assert found is not None
        assert found.zone == "z"

    def test_is_none_when_all_are_gone(self, five: State) -> None:
        for number in range(5):
            five.remove(SUBSCRIBERS, subscriber(str(number), number, imei="i"))
        assert self.newest(five) is None

    def test_is_an_old_one_that_the_batch_gave_the_imei(self, five: State) -> None:
        five.put(SUBSCRIBERS, subscriber("old", 100))
        assert self.newest(five) == "4"
        five.put(SUBSCRIBERS, subscriber("old", 100, imei="i"))
        assert self.newest(five) == "old"

    def test_is_only_seen_by_work_that_changes_nothing(self, memory: Memory, five: State) -> None:
        with five.work():
            assert self.newest(five) == "4"
        memory.source("acme").update_all(SUBSCRIBERS.by(msisdn="4"), {"zone": "meanwhile"})
        found = five.find(SUBSCRIBERS.by(msisdn="4"))
        assert found is not None
        assert found.zone == "meanwhile"

    def test_is_loaded_for_good_by_work_that_may_change_it(self, memory: Memory, five: State) -> None:
        source = memory.source("acme")
        state = State(source, Defaults())
        for _ in range(2):
            with state.work(locks=[SUBSCRIBERS]):
                assert self.newest(state) == "4"
        assert source.loads == [SUBSCRIBERS.by(msisdn="4")]
        assert source.newest_counts == [1]

    def test_is_another_where_the_one_seen_has_changed_meanwhile(self, memory: Memory, five: State) -> None:
        with five.work():
            assert self.newest(five) == "4"
        memory.source("acme").update_all(SUBSCRIBERS.by(msisdn="4"), {"imei": "other"})
        with five.work(locks=[SUBSCRIBERS]):
            assert self.newest(five) == "3"
