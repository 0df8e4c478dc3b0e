// choice.js - the store and the key that something comes to: where it is now, until somebody says otherwise. What the
// token may not write is said before the server is asked.

import { write } from "./key.js";
import { maySomewhere, may, prefixesOf } from "./session.js";
import { isolate } from "./spelling.js";
import { isStoreName, stores } from "./store.js";
import { words } from "./words.js";

// The stores in which anything may be written, page by page as they come.
class Names {
    names = [];
    complete = false;
    changed = () => {};

    async find(signal) {
        for (let cursor; cursor !== null;) {
            const page = await stores(cursor, signal);
            for (const { name } of page.stores)
                if (maySomewhere("write", name))
                    this.names.push(name);
            ({ cursor } = page);
            this.complete = cursor === null;
            this.changed();
        }
    }
}

// A field that has the store itself in it; nothing where nothing may be written there.
export function storeChoice(how, store) {
    const source = new Names();
    return { name: "store", label: words[how].store, type: "suggested", source,
        value: maySomewhere("write", store) ? store : "",
        begin: (signal) => source.find(signal).catch(() => {}) }; // a name can be typed without a list
}

export function judge(store, key) {
    if (!isStoreName(store))
        throw new Error(store === "" ? words.choice.none : words.stores.malformed);
    if (may("write", store, key.bytes))
        return;
    const prefixes = prefixesOf("write", store).map((prefix) => isolate(write(prefix)));
    throw new Error(prefixes.length === 0 ? words.choice.closed(store) : words.choice.within(store, prefixes));
}
