"""The documented answers that a test from outside cannot get out of a server, each with the reason.

An entry that is seen after all is a failure, so that this list cannot grow stale.
"""

QUEUE_FULL = "needs more work waiting for I/O threads than a short test can queue"
NO_MEMORY = "needs memory to be out"
NO_DESCRIPTORS = "needs open files to be out while a connection is open, which tests/http has"
FAILED_SYNC = "needs a sync that fails, which tests/store has with its table of file calls"
DRAINING = "needs a server that drains while it waits, which tests/store has"
LAST_BLOCK = "needs a disk without a free block, which tests/store has; the reserve only keeps payloads away"

UNPROVOKED = {
    500: (NO_DESCRIPTORS, {"listStores", "getMetrics"}),
    503: (QUEUE_FULL, {
        "listStores", "createStore", "getStore", "updateStore", "verifyStore", "deleteStore", "listObjects", "getObject",
        "headObject", "getObjectByHash", "headObjectByHash", "getObjects", "getArchive", "listUploads", "getUploadOffset",
        "deleteUpload", "listChanges", "getLive", "getStoreLive", "getStoreOwner", "handOverStore",
    }),
    507: (LAST_BLOCK, {"updateStore", "deleteObject", "deleteObjectByHash"}),
}
SINGLE = {
    ("getReadiness", 503): FAILED_SYNC, ("getMetrics", 503): NO_MEMORY, ("compactStore", 503): DRAINING,
}


def excuse(name, status):
    """The reason why an answer cannot be seen, or None."""
    reason, names = UNPROVOKED.get(status, (None, ()))
    return reason if name in names else SINGLE.get((name, status))
