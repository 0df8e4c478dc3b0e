#!/usr/bin/env python3
"""Follows a store, with nothing but Python: python3 examples/follow.py [URL [STORE [FILE [WAIT]]]]

FILE keeps what the store holds, as ETags by keys, and how far that goes: started again it goes on there. A key that is
not UTF-8 stands among them by its base64, behind "base64:", and an object without a key by its hash, behind "hash:";
keys as they are stand behind "key:". WAIT is for how many seconds each request waits for news, at most; with 0 it
catches up and ends.
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


def name_of(change):
    """By which it is held: no key is taken for the base64 of another one."""
    if change["key"] is not None:
        return "key:" + change["key"]
    return "base64:" + change["key_base64"] if "key_base64" in change else "hash:" + change["key_hash"]


while True:
    query = urllib.parse.urlencode({**state["place"], "wait": wait})
    try:
        with urllib.request.urlopen(f"{url}/v1/stores/{store}/changes?{query}", timeout=90) as answer:
            page = json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 410:  # what was deleted since is not known any more, or it is another store by now
            state = {"place": {"since": 0}, "held": {}}
        elif error.code == 503:  # the server is busy, or about to end
            time.sleep(1)
        else:  # 404: the store has been removed; if it is made anew, what is in FILE is told to be gone by 410
            sys.exit(f"{url}/v1/stores/{store}: {json.load(error)['detail']}")
        continue
    except OSError:  # the server is being started again
        time.sleep(1)
        continue
    for change in page["changes"]:
        name = name_of(change)
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
