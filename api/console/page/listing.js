// listing.js - the objects of a store as rows by their number, for a list that has no end that is known. The server
// leads forward only, by a cursor from each page to the next. So the cursors of all pages are kept, which is little, and
// the rows of some pages: those seen last. Who goes back gets the others once more.

import { objects } from "./store.js";

const KEPT = 24;

export class Listing {
    #pages = []; // { cursor: what it is asked by, start: its first row, length, entries or null, seen }
    #next = null; // the cursor of the page behind those that are known
    #under = new Map(); // pages that are being asked for
    #abort = new AbortController();
    #turn = 0;
    count = 0;
    complete = false;
    failure = null;

    // `changed` is called when rows have come.
    constructor(store, place, changed) {
        Object.assign(this, { store, place, changed });
    }

    close() {
        this.#abort.abort();
    }

    // The entry of that row; undefined while it is on its way.
    entry(row) {
        const number = this.#pageOf(row), page = this.#pages[number];
        if (!page)
            return undefined;
        page.seen = ++this.#turn;
        if (!page.entries)
            this.#load(number).catch(() => {});
        return page.entries?.[row - page.start];
    }

    #pageOf(row) {
        let low = 0, high = this.#pages.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (this.#pages[middle].start + this.#pages[middle].length <= row)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    // One page more at the end.
    async more() {
        if (!this.complete)
            await this.#load(this.#pages.length);
    }

    // From the page of that row on everything is asked for again: something has changed there.
    forgetFrom(row) {
        const number = Math.min(this.#pageOf(row), this.#pages.length);
        this.#next = this.#pages[number]?.cursor ?? (number === 0 ? null : this.#next);
        this.#pages.length = number;
        this.#under.clear();
        this.#abort.abort();
        this.#abort = new AbortController();
        this.count = number === 0 ? 0 : this.#pages[number - 1].start + this.#pages[number - 1].length;
        this.complete = false;
        return this.more();
    }

    #load(number) {
        if (!this.#under.has(number)) {
            const loading = this.#ask(number).finally(() => this.#under.delete(number));
            this.#under.set(number, loading);
        }
        return this.#under.get(number);
    }

    async #ask(number) {
        const known = this.#pages[number], cursor = known ? known.cursor : this.#next, { signal } = this.#abort;
        try {
            const page = await objects(this.store, { ...this.place, cursor, signal });
            if (signal.aborted)
                return;
            this.failure = null;
            if (known)
                this.#fill(known, page);
            else
                this.#append(cursor, page);
        } catch (error) {
            if (signal.aborted)
                return;
            this.failure = error;
            throw error;
        } finally {
            if (!signal.aborted)
                this.changed();
        }
    }

    #append(cursor, { entries, cursor: next }) {
        this.#pages.push({ cursor, start: this.count, length: entries.length, entries, seen: ++this.#turn });
        this.count += entries.length;
        this.#next = next;
        this.complete = next === null;
        this.#drop();
    }

    // A page that was dropped may have other rows by now; there are as many as there were, so that those behind stay.
    #fill(page, { entries }) {
        page.entries = entries.slice(0, page.length);
        this.#drop();
    }

    #drop() {
        const held = this.#pages.filter((page) => page.entries);
        if (held.length <= KEPT)
            return;
        held.sort((one, other) => one.seen - other.seen);
        for (const page of held.slice(0, held.length - KEPT))
            page.entries = null;
    }
}
