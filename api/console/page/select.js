// select.js - the entries of a listing that are chosen, and what is done with several at once.

import { BATCH, objects, removeObjects } from "./store.js";
import { words } from "./words.js";

export class Selection {
    #entries = new Map(); // by the id of its key: the entry

    constructor(changed) {
        this.changed = changed;
    }

    get size() {
        return this.#entries.size;
    }

    get entries() {
        return [...this.#entries.values()];
    }

    // null where there are folders, of which nobody has told how much they hold.
    get bytes() {
        const { entries } = this;
        return entries.some((entry) => entry.folder) ? null : entries.reduce((sum, { size }) => sum + (size ?? 0), 0);
    }

    has(entry) {
        return this.#entries.has(entry.key.id);
    }

    toggle(entry) {
        if (!this.#entries.delete(entry.key.id))
            this.#entries.set(entry.key.id, entry);
        this.changed();
    }

    add(entries) {
        for (const entry of entries)
            this.#entries.set(entry.key.id, entry);
        this.changed();
    }

    clear() {
        this.#entries.clear();
        this.changed();
    }
}

// The keys of the objects among the entries, and of all those in the folders; in lots, as they are found.
async function* keysOf(store, entries, signal) {
    const single = entries.filter((entry) => !entry.folder).map((entry) => entry.key);
    if (single.length > 0)
        yield single;
    for (const { key: { bytes: prefix } } of entries.filter((entry) => entry.folder)) {
        let cursor = null;
        do {
            const page = await objects(store, { prefix, flat: true, cursor, signal });
            yield page.entries.map((entry) => entry.key);
            ({ cursor } = page);
        } while (cursor !== null);
    }
}

export async function gather(store, entries, signal) {
    const keys = [];
    for await (const lot of keysOf(store, entries, signal))
        for (const key of lot) // no spread: there may be a million
            keys.push(key);
    return keys;
}

// The server takes fewer in a transaction than it does by default.
export class TooMany extends Error {
    constructor() {
        super(words.remove.tooMany);
    }
}

// Deletes them and what is in the folders, in one transaction; in several where there are more than one takes. Where
// the server takes fewer that is a TooMany, unless they may be split. Answers how many, and whether all were there.
// told(done, all).
export async function removeEntries(store, entries, { signal, split, told }) {
    const keys = await gather(store, entries, signal);
    let whole = true, most = BATCH;
    for (let done = 0; done < keys.length;) {
        const lot = keys.slice(done, done + most);
        signal.throwIfAborted();
        try {
            whole = await removeObjects(store, lot) && whole;
            done += lot.length;
            told(done, keys.length);
        } catch (error) {
            if (error.kind !== "too-large" || lot.length === 1)
                throw error;
            if (!split)
                throw new TooMany();
            most = lot.length >> 1;
        }
    }
    return { count: keys.length, whole };
}
