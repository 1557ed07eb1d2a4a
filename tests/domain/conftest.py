import pytest

from domain.state import Defaults, State
from tests.domain.source import Memory


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def state(memory: Memory) -> State:
    """A tenant's state over an empty memory."""
    return State(memory.source("acme"), Defaults())
