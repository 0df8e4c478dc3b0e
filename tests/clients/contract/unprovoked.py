"""The documented answers that a test from outside cannot get out of a server, each with the reason.

An entry that is seen after all is a failure, so that this list cannot grow stale.
"""

DISK_FAULT = "needs a call to the disk that fails, which tests/store has with its table of file calls"
QUEUE_FULL = "needs more work waiting for I/O threads than a short test can queue"

UNPROVOKED = {
    500: (DISK_FAULT, {
        "listStores", "createStore", "getStore", "deleteStore", "putObject", "headObject", "deleteObject",
        "putObjectByHash", "headObjectByHash", "deleteObjectByHash", "batch", "moveObject", "copyObject",
    }),
    503: (QUEUE_FULL, {
        "listStores", "getStore", "getObject", "headObject", "getObjectByHash", "headObjectByHash", "batchGet",
    }),
}


def excuse(name, status):
    """The reason why an answer cannot be seen, or None."""
    reason, names = UNPROVOKED.get(status, (None, ()))
    return reason if name in names else None
