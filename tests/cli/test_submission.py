"""What `submit` and `deadletters resend` have in common: sending, and gathering outcomes."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from adapters.redis_client import connect
from adapters.valkey import Valkey
from cli.sending.command_file import WrittenCommand
from cli.sending.submission import Submission


def test_an_event_of_somebody_else_is_passed_over(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        submission = Submission(client, {}, partitions=8, patience=1)
        client.xadd("spcm:outcomes:_unattributed", {"event": '{"id": {}}'})
        assert list(submission.outcomes(0.01)) == []


def test_a_redis_that_goes_away_is_waited_for(valkey: Valkey) -> None:
    members = {"tenant": "acme"}
    command = WrittenCommand('{"operation": "planDefinition.search"}', {"operation": "planDefinition.search"})
    with connect(valkey.url) as client, redis.Redis.from_url(valkey.url) as other, ThreadPoolExecutor(1) as beside:
        submission = Submission(client, members, partitions=8, patience=20)
        (first,) = submission.send([command])
        valkey.kill()
        sending = beside.submit(submission.send, [command])
        time.sleep(0.5)  # until it waits
        restarted = Valkey.start(valkey.directory, port=valkey.port)
        (second,) = sending.result(20)
        assert submission.unanswered == [first.command_id, second.command_id]
        for each in (first, second):
            other.xadd("spcm:outcomes:acme", {"event": json.dumps({"id": each.event_id})})
        assert [event["id"] for _, event in submission.outcomes(1)] == [first.event_id]
        assert [event["id"] for _, event in submission.outcomes(1)] == [second.event_id]
        assert submission.unanswered == []
    restarted.stop()


def test_what_may_have_been_sent_is_sent_again_under_the_same_id(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(redis_url) as client:
        submission = Submission(client, {"tenant": "acme"}, partitions=8, patience=20)
        put, sent = submission._put, []

        def lose_the_first_answer(filled: Any) -> Any:
            sent.append(put(filled))
            if len(sent) == 1:
                raise redis.ConnectionError
            return sent[-1]

        monkeypatch.setattr(submission, "_put", lose_the_first_answer)
        (told,) = submission.send([WrittenCommand("{}", {})])
        entries = [client.xrange(f"spcm:commands:{each.partition}", each.entry, each.entry)[0] for (each,) in sent]
        assert entries[0][1] == entries[1][1]
        assert list(submission.under_way) == [told.event_id] == [sent[1][0].event_id]
