// select.js - the entries of a listing that are chosen, and what is done with several at once.

import { entryOf } from "./object.js";
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

    // One of them as it is by now: what is done is done with what is seen. Answers whether it is another one.
    see(entry) {
        const { id } = entry.key, isAnother = this.#entries.get(id) !== entry;
        this.#entries.set(id, entry);
        return isAnother;
    }

    toggle(entry) {
        if (!this.#entries.delete(entry.key.id))
            this.#entries.set(entry.key.id, entry);
        this.changed();
    }

    // All of them as soon as the last lot is here; none where nothing is to be selected any more by then.
    async add(lots) {
        const into = this.#entries, found = [];
        for await (const lot of lots) {
            if (into !== this.#entries)
                return;
            found.push(lot);
        }
        if (into !== this.#entries)
            return;
        for (const entry of found.flat())
            into.set(entry.key.id, entry);
        this.changed();
    }

    clear() {
        this.#entries = new Map();
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

const AT_ONCE = 8;

// Of those that are to have an etag: which have another one by now, or are there though they were gone; and adds those
// to `gone` that are.
async function judge(store, known, etags, gone, signal) {
    const anew = new Set();
    for (let from = 0; from < known.length; from += AT_ONCE) {
        signal.throwIfAborted();
        await Promise.all(known.slice(from, from + AT_ONCE).map(async ({ id }) => {
            const entry = await entryOf(store, id);
            if (entry === null)
                gone.add(id);
            else if (gone.has(id) || entry.etag !== etags.get(id))
                anew.add(id);
        }));
    }
    return anew;
}

// Deletes them in one transaction, but for those that have been put anew. Answers these, and whether all others were
// there.
async function removeLot(store, keys, etags, signal) {
    const gone = new Set(), kept = [];
    let left = keys, absent = "*";
    const match = ({ id }) => gone.has(id) ? null : etags.get(id) ?? absent;
    while (left.length > 0) {
        try {
            await removeObjects(store, left, match);
            break;
        } catch (error) {
            if (error.kind !== "precondition-failed" || absent === undefined)
                throw error;
        }
        const before = gone.size, known = left.filter(({ id }) => etags.has(id));
        const anew = await judge(store, known, etags, gone, signal);
        kept.push(...left.filter(({ id }) => anew.has(id)));
        left = left.filter(({ id }) => !anew.has(id));
        anew.forEach((id) => gone.delete(id));
        if (anew.size === 0 && gone.size === before)
            absent = undefined; // one in a folder is gone
    }
    return { kept, whole: gone.size === 0 && absent !== undefined };
}

// Deletes them and what is in the folders, in one transaction; in several where there are more than one takes. Where
// the server takes fewer that is a TooMany, unless they may be split. Answers how many, whether all were there, and the
// keys of those that stay, since they are not what was selected any more. told(done, all).
export async function removeEntries(store, entries, { signal, split, told }) {
    const keys = await gather(store, entries, signal), stay = [];
    const etags = new Map(entries.filter(({ etag }) => etag).map(({ key: { id }, etag }) => [id, etag]));
    let whole = true, most = BATCH;
    for (let done = 0; done < keys.length;) {
        const lot = keys.slice(done, done + most);
        signal.throwIfAborted();
        try {
            const lotDone = await removeLot(store, lot, etags, signal);
            whole = lotDone.whole && whole;
            stay.push(...lotDone.kept);
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
    return { count: keys.length - stay.length, whole, stay };
}
