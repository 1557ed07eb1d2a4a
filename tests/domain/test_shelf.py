from typing import Any

from domain.resources import Kind, Resource
from domain.shelf import Shelf


class Thing(Resource):
    """A resource of the tests' own."""

    id: int
    name: str | None = None
    colour: str = "red"


THINGS: Kind[Thing] = Kind("things", Thing, key="id", unique=(("name",),))


def ids(things: list[Thing]) -> list[int]:
    return [thing.id for thing in things]


def test_what_was_asked_is_known_and_nothing_else() -> None:
    shelf = Shelf(THINGS)
    shelf.absorb(THINGS.by(name="a"), [Thing(id=1, name="a")])
    assert shelf.knows(THINGS.by(name="a"))
    assert shelf.knows(THINGS.by(id=1))  # seen, though it was not asked by its key
    assert not shelf.knows(THINGS.by(name="b"))
    assert not shelf.knows(THINGS.by(id=2))
    assert not shelf.knows(THINGS.by())


def test_that_there_is_nothing_is_known_too() -> None:
    shelf = Shelf(THINGS)
    shelf.absorb(THINGS.by(id=2), [])
    assert shelf.knows(THINGS.by(id=2))
    assert shelf.matches(THINGS.by(id=2)) == []


def test_memory_wins_over_what_the_database_still_has() -> None:
    shelf = Shelf(THINGS)
    old = Thing(id=1, name="a")
    shelf.absorb(THINGS.by(id=1), [old])
    shelf.absorb(THINGS.by(id=2), [Thing(id=2, name="b")])
    shelf.place(1, Thing(id=1, name="z"))
    shelf.place(2, None)
    shelf.absorb(THINGS.by(), [old, Thing(id=2, name="b"), Thing(id=3, name="c")])
    assert [(thing.id, thing.name) for thing in shelf.matches(THINGS.by())] == [(1, "z"), (3, "c")]


def test_every_index_follows_every_change() -> None:
    shelf = Shelf(THINGS)
    by_name, by_both = THINGS.by(name="a"), THINGS.by(colour="red", name="a")
    assert shelf.matches(by_name) == shelf.matches(by_both) == []
    shelf.place(1, Thing(id=1, name="a"))
    shelf.place(2, Thing(id=2, name="a", colour="blue"))
    assert ids(shelf.matches(by_name)) == [1, 2]
    assert ids(shelf.matches(by_both)) == [1]
    shelf.place(1, Thing(id=1, name="b"))
    assert ids(shelf.matches(by_name)) == [2]
    assert ids(shelf.matches(by_both)) == []
    shelf.place(2, Thing(id=2, name="a"))
    assert ids(shelf.matches(by_both)) == [2]
    shelf.place(2, None)
    assert shelf.matches(by_name) == []


def test_matches_come_in_the_order_of_the_key() -> None:
    shelf = Shelf(THINGS)
    for number in (5, 1, 11, 3):
        shelf.place(number, Thing(id=number))
    assert ids(shelf.matches(THINGS.by(colour="red"))) == [1, 3, 5, 11]


def test_a_change_can_be_taken_back_step_by_step() -> None:
    shelf = Shelf(THINGS)
    shelf.absorb(THINGS.by(id=1), [Thing(id=1, name="a")])
    by_a, by_b = THINGS.by(name="a"), THINGS.by(name="b")
    assert ids(shelf.matches(by_a)) == [1]
    undo = [
        shelf.place(1, Thing(id=1, name="b")),
        shelf.place(1, None),
        shelf.place(2, Thing(id=2, name="a")),
    ]
    seen = [(ids(shelf.matches(by_a)), ids(shelf.matches(by_b)))]
    for back in reversed(undo):
        back()
        seen.append((ids(shelf.matches(by_a)), ids(shelf.matches(by_b))))
    assert seen == [([2], []), ([], []), ([], [1]), ([1], [])]
    assert not shelf.take_changes()


def _changes(shelf: Shelf[Thing]) -> tuple[list[Any], list[Any], list[Any]]:
    changes = shelf.take_changes()
    return changes.removed, changes.updated, changes.added


def test_changes_are_the_difference_to_the_database_not_the_steps() -> None:
    shelf = Shelf(THINGS)
    before = [Thing(id=number, name=str(number)) for number in range(3)]
    shelf.absorb(THINGS.by(), before)
    after = Thing(id=0, name="again")
    shelf.place(0, None)
    shelf.place(0, Thing(id=0, name="between"))
    shelf.place(0, after)  # removed and made anew: an update
    shelf.place(1, Thing(id=1, name="x"))
    shelf.place(1, None)
    added = Thing(id=7)
    shelf.place(7, added)
    shelf.place(8, Thing(id=8))
    shelf.place(8, None)  # came and went
    assert _changes(shelf) == ([before[1]], [(before[0], after)], [added])


def test_what_was_taken_counts_as_written() -> None:
    shelf = Shelf(THINGS)
    first, second = Thing(id=1, name="a"), Thing(id=1, name="b")
    shelf.place(1, first)
    assert _changes(shelf) == ([], [], [first])
    assert _changes(shelf) == ([], [], [])
    shelf.place(1, second)
    assert _changes(shelf) == ([], [(first, second)], [])
    shelf.place(1, None)
    assert _changes(shelf) == ([second], [], [])
