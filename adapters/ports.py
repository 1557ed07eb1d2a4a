"""TCP ports of this machine."""

import secrets
import socket

PORTS = range(20_000, 32_000)  # below the ports that Linux and macOS give to outgoing connections


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on.

    It is not one that outgoing connections get. While a server is down, one of those may be given to a client that
    tries to reach it: then the client talks to itself, and the server finds its port taken.
    """
    while not is_free(port := secrets.choice(PORTS)):
        pass
    return port


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
