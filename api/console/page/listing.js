// listing.js - the objects of a store as rows by their number, for a list that has no end that is known. The server
// leads forward only, by a cursor from each page to the next. So the cursors of all pages are kept, which is little,
// and the rows of some pages: those seen last. Who goes back gets the others once more.

import { objects } from "./store.js";

const KEPT = 24;

export class Listing {
    #pages = []; // { cursor: what it is asked by, start: its first row, length, entries or null, seen }
    #next = null; // the cursor of the page behind those that are known
    #under = new Map(); // pages that are being asked for
    #abort = new AbortController();
    #turn = 0;
    #renewing = null; // the row from which on all is asked for again, until that has come
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
        if (!page.entries && !this.failure)
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

    // The entries of these rows, the last one among them; those that are not here are asked for, page by page.
    async entries(from, to) {
        const found = [];
        for (let row = from; row <= to && row < this.count;) {
            const number = this.#pageOf(row), page = this.#pages[number];
            if (!page.entries)
                await this.#load(number);
            found.push(...page.entries?.slice(row - page.start, to - page.start + 1) ?? []);
            row = page.start + page.length;
        }
        return found;
    }

    // One page more at the end.
    async more() {
        if (!this.complete)
            await this.#load(this.#pages.length);
    }

    // What was refused once more, if anything was.
    async retry() {
        this.failure = null;
        await (this.#renewing === null ? this.more() : this.renewFrom(this.#renewing));
        this.changed();
    }

    // From the page of that row on everything is asked for again: something has changed there. What is seen stays until
    // the answer has come.
    async renewFrom(row) {
        this.#renewing = row;
        const number = Math.min(this.#pageOf(row), this.#pages.length), first = this.#pages[number];
        const cursor = first ? first.cursor : this.#next;
        this.#abort.abort();
        this.#abort = new AbortController();
        this.#under.clear();
        await this.#receive(cursor, (page) => {
            this.#pages.length = number;
            this.count = first ? first.start : this.count;
            this.#append(cursor, page);
            this.#renewing = null;
        });
    }

    #load(number) {
        if (!this.#under.has(number)) {
            const loading = this.#ask(number).finally(() => this.#under.delete(number));
            this.#under.set(number, loading);
        }
        return this.#under.get(number);
    }

    #ask(number) {
        const known = this.#pages[number], cursor = known ? known.cursor : this.#next;
        return this.#receive(cursor, (page) => known ? this.#fill(known, page) : this.#append(cursor, page));
    }

    async #receive(cursor, take) {
        const { signal } = this.#abort;
        try {
            const page = await objects(this.store, { ...this.place, cursor, signal });
            if (signal.aborted)
                return;
            this.failure = null;
            take(page);
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
