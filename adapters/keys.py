"""Names in Redis: the keys of an installation (docs/contract.md, section 5), its workers' connections, entries."""

COMMANDS = "spcm:commands:"
OUTCOMES = "spcm:outcomes:"
TAKEN = "spcm:taken:"
CLAIMED_BELL = "spcm:bell:"
REPLIES = "spcm:replies:"

UNATTRIBUTED = "_unattributed"
"""In a tenant's place, where an outcome has none."""

DEAD_LETTERS = "spcm:deadletters"
PARTITIONS = "spcm:partitions"
BELLS = "spcm:bells"
MAINTENANCE = "spcm:maintenance"

WORKER = "spcm-worker:"
"""How the name of a worker's connection begins; its host and process id follow."""


def command_stream(partition: int) -> str:
    return f"{COMMANDS}{partition}"


def outcome_stream(tenant: str | None) -> str:
    return f"{OUTCOMES}{tenant or UNATTRIBUTED}"


def take_record(partition: int) -> str:
    """Who has taken the partition's commands, and how often the same were taken without an end."""
    return f"{TAKEN}{partition}"


def bell_claim(partition: int) -> str:
    """There while a bell of the partition is under way, or somebody looks for what comes."""
    return f"{CLAIMED_BELL}{partition}"


def added_at(entry_id: str | bytes) -> float:
    """When the stream's entry was added, in seconds since 1970; its publisher may have chosen another id."""
    text = entry_id.decode() if isinstance(entry_id, bytes) else entry_id
    return int(text.partition("-")[0]) / 1000
