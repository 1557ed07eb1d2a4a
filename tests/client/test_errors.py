import pickle

import pytest

from spcm_client import (
    ClientError,
    InvalidCommand,
    MalformedOutcome,
    OutcomeTimeout,
    PartitionsUnreadable,
    SubmitFailed,
)


@pytest.mark.parametrize(
    "error",
    [
        InvalidCommand("no JSON"),
        MalformedOutcome("no event", "1-0"),
        OutcomeTimeout("order-4711/1", 30),
        PartitionsUnreadable("no number"),
        SubmitFailed(["a", "b"], "AuthenticationError"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_from_another_process_as_it_was(error: ClientError) -> None:
    """Pools of processes hand errors over like results."""
    brought: ClientError = pickle.loads(pickle.dumps(error))
    assert (type(brought), str(brought), vars(brought)) == (type(error), str(error), vars(error))
