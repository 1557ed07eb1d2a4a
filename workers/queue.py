"""The queue that bells travel by, and the names of what may be asked for through it."""

BELLS = "spcm:bells"
DRAIN = "workers.tasks.drain"
MAINTAIN = "workers.tasks.maintain"
