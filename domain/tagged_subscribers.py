"""Batch updates: all subscribers with a tag, at once."""

from typing import Any

from domain.fields import Fields, LeftOut, Text
from domain.operations import NoParams, operation
from domain.permissions import Permission
from domain.state import State
from domain.subscribers import SUBSCRIBERS, NewSubscriber, changed_values


class TaggedSubscriberChanges(NewSubscriber):
    """What a batch update changes: nothing that identifies a single subscriber."""

    msisdn: LeftOut = None  # type: ignore[assignment]  # nobody reads it: it cannot be given
    imsi: LeftOut = None


class TagFilter(Fields):
    """Which subscribers a batch update changes."""

    tag: Text


class BatchUpdate(Fields):
    """Payload of a batch update."""

    filter: TagFilter
    subscriber: TaggedSubscriberChanges


@operation("subscriber.batchUpdate", Permission.SUBSCRIBER_UPDATE, locks=(SUBSCRIBERS,), set_based=True)
def update_tagged_subscribers(_at: NoParams, update: BatchUpdate, state: State) -> dict[str, Any]:
    """Counts all subscribers that had the tag, changed by it or not."""
    tagged = SUBSCRIBERS.by(tag=update.filter.tag)
    return {"updated": state.update_all(tagged, changed_values(update.subscriber, state.defaults))}
