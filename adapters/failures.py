"""What a database or Redis did to us, in the words that matter to a batch: wait, try again; else a bug of ours."""


class Interrupted(Exception):
    """The batch did not happen, or its end is unknown; its commands are still there."""


class Unavailable(Interrupted):
    """Raised when a server is gone, starting, read-only, out of something or forbids us: wait, leave the entries."""


class Full(Unavailable):
    """Raised when Redis takes nothing that needs memory."""


class Stalled(Unavailable):
    """Raised when the database ended our session because we had nothing to say to it for too long.

    We were stopped; or what we execute takes for ever, which then is its own fault.
    """


class Contended(Interrupted):
    """Raised when somebody else was first, or in the way: roll back, load again, decide again."""


class Clashed(Contended):
    """Raised when a unique key was violated.

    Somebody was first; or, where it happens again and again to a command alone, it is itself to blame.
    """


class Held(Contended):
    """Raised when somebody else did not let go of a row, or of SQLite's file, for long."""


class TookTooLong(Contended):
    """Raised when a statement's time was over: it may be the fault of others, or that of the command."""
