"""Which partition a command belongs to: the contract's rule, which buys order per subscriber."""

from zlib import crc32

DEFAULT_PARTITIONS = 8
CATALOG = "catalog"


def partition_of(tenant: str, key: str, partitions: int) -> int:
    """The partition of commands with this key: an msisdn, or `CATALOG`."""
    return crc32(f"{tenant}:{key}".encode()) % partitions
