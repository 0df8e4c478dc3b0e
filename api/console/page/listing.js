// listing.js - the objects of a store as rows by their number, for a list that has no end that is known. The server
// leads forward only, by a cursor from each page to the next. So the cursors of all pages are kept, which is little,
// and the rows of some pages: those seen last. Who goes back gets the others once more.
//
// Rows come and go while one looks. So a page is what lies between its cursor and what was its last entry: read once
// more it may have more rows or fewer, and those behind it move.

import { objects } from "./store.js";

const KEPT = 24;
const AT_MOST = 3; // pages that are asked for to find the end of one

export class Listing {
    #pages = []; // { cursor: what it is asked by, last: the id of its last entry, start: its first row, length, entries
    // or null, seen, stale: something may have changed in it }
    #next = null; // the cursor of the page behind those that are known
    #under = new Map(); // pages that are being asked for; null is the one behind all
    #abort = new AbortController();
    #turn = 0;
    #renewing = null; // the row of the page that is asked for again, until that has come
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
        const page = this.#pages[this.#pageOf(row)];
        if (!page)
            return undefined;
        page.seen = ++this.#turn;
        if ((!page.entries || page.stale) && !this.failure)
            this.#load(page).catch(() => {});
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

    // The entries of these rows, the last one among them; those that are not here are asked for, page by page. Where a
    // page is another one then, what was the last row stays so.
    async entries(from, to) {
        const found = [];
        for (let row = from, last = to; row <= last && row < this.count && !this.#abort.signal.aborted;) {
            const page = this.#pages[this.#pageOf(row)], { length } = page;
            page.seen = ++this.#turn;
            if (!page.entries || page.stale) {
                await this.#load(page);
                last += page.length - length;
                continue;
            }
            found.push(...page.entries.slice(row - page.start, last - page.start + 1));
            row = page.start + page.length;
        }
        return found;
    }

    // One page more at the end.
    async more() {
        if (!this.complete)
            await this.#load(null);
    }

    // What was refused once more, if anything was.
    async retry() {
        this.failure = null;
        await (this.#renewing === null ? this.more() : this.renew(this.#renewing));
        this.changed();
    }

    // Anything may have changed: the page of that row is asked for again at once, any other one when it is seen. What is
    // seen stays until the answer has come.
    async renew(row) {
        this.#renewing = row;
        this.#abort.abort();
        this.#abort = new AbortController();
        this.#under.clear();
        for (const page of this.#pages)
            page.stale = true;
        await this.#load(this.#pages[Math.min(this.#pageOf(row), this.#pages.length - 1)] ?? null);
    }

    // The row of an entry that was in this one; -1 where it is not known any more. Of a page that was let go of it is
    // taken to be there still.
    rowOf({ key: { id } }, row) {
        const isIt = (entry) => entry?.key.id === id, { entries, start } = this.#pages[this.#pageOf(row)] ?? {};
        if (isIt(entries?.[row - start]))
            return row;
        for (const page of this.#pages) {
            const at = page.entries?.findIndex(isIt) ?? -1;
            if (at >= 0)
                return page.start + at;
        }
        return entries === null ? row : -1;
    }

    #load(page) {
        if (!this.#under.has(page)) {
            const loading = this.#ask(page, this.#abort.signal).finally(() =>
                this.#under.get(page) === loading && this.#under.delete(page));
            this.#under.set(page, loading);
        }
        return this.#under.get(page);
    }

    async #ask(page, signal) {
        try {
            await (page === null ? this.#append(this.#next, signal) : this.#reread(page, signal));
            this.failure = this.#renewing = null;
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

    async #get(cursor, signal) {
        const page = await objects(this.store, { ...this.place, cursor, signal });
        signal.throwIfAborted();
        return page;
    }

    async #append(cursor, signal) {
        const { entries, cursor: next } = await this.#get(cursor, signal);
        if (cursor !== this.#next)
            return; // what is behind begins elsewhere by now
        const page = { cursor, start: this.count, length: 0, entries: null, seen: ++this.#turn };
        this.#pages.push(page);
        this.#fill(page, entries);
        this.#end(next);
    }

    async #reread(page, signal) {
        let entries = [], next = page.cursor;
        for (let asked = 0; asked < AT_MOST; asked++) {
            const got = await this.#get(next, signal), at = got.entries.findIndex(({ key }) => key.id === page.last);
            if (at >= 0 && page !== this.#pages.at(-1))
                return this.#fill(page, [...entries, ...got.entries.slice(0, at + 1)]);
            entries = [...entries, ...got.entries];
            next = got.cursor;
            if (next === null || page === this.#pages.at(-1))
                break;
        }
        return this.#cut(page, entries, next);
    }

    // What was its end is gone: all that is behind the page is forgotten, and comes anew.
    #cut(page, entries, next) {
        const number = this.#pages.indexOf(page);
        if (number < 0)
            return;
        this.#pages.length = number + 1;
        this.count = page.start + page.length;
        this.#fill(page, entries);
        this.#end(next);
    }

    #end(next) {
        this.#next = next;
        this.complete = next === null;
    }

    #fill(page, entries) {
        const number = this.#pages.indexOf(page), more = entries.length - page.length;
        if (number < 0)
            return; // it was forgotten meanwhile
        Object.assign(page, { entries, length: entries.length, last: entries.at(-1)?.key.id, stale: false });
        this.count += more;
        for (const behind of this.#pages.slice(number + 1))
            behind.start += more;
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
