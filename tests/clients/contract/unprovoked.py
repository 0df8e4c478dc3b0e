"""The documented answers that a test from outside cannot get out of a server, each with the reason.

An entry that the test does see after all is a failure, so that this list cannot grow stale.
"""

DISK_CALLS_FAIL = "needs a file call that fails, which tests/store does with its fault table"
NEVER_BUSY = "needs more jobs waiting for I/O threads than a short test can queue"
CLOSED_STORE = "answered by an open store until the very end of a drain"

