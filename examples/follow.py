#!/usr/bin/env python3
"""Follows a store, with nothing but Python: python3 examples/follow.py [URL [STORE [FILE [WAIT]]]]

FILE keeps what the store holds, as ETags by keys, and how far that goes: started again it goes on there. WAIT is for
how many seconds each request waits for news, at most; with 0 it catches up and ends.
"""
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

usual = ["http://127.0.0.1:8080", "photos", "followed.json", "60"]
url, store, file, wait = sys.argv[1:5] + usual[len(sys.argv) - 1:]
state = {"place": {"since": 0}, "held": {}}
if os.path.exists(file):
    with open(file) as old:
        state = json.load(old)

while True:
    query = urllib.parse.urlencode({**state["place"], "wait": wait})
    try:
        with urllib.request.urlopen(f"{url}/v1/stores/{store}/changes?{query}", timeout=90) as answer:
            page = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code != 410:  # 410: what was deleted since is not known any more, or it is another store by now
            raise
        state = {"place": {"since": 0}, "held": {}}
        continue
    except OSError:  # the server is being started again
        time.sleep(1)
        continue
    for change in page["changes"]:
        name = change["key"] or change.get("key_base64") or change["key_hash"]
        print(change["op"], name, flush=True)
        if change["op"] == "put":
            state["held"][name] = change["etag"]
        else:
            state["held"].pop(name, None)
    state["place"] = {"since": page["next"], "log": page["log"]}
    with open(f"{file}.new", "w") as new:  # whole or not at all: what was applied and how far go together
        json.dump(state, new)
    os.replace(f"{file}.new", file)
    if wait == "0" and page["next"] == page["end"]:
        break
