// listing.js - the objects of a store as rows by their number, for a list that has no end that is known. The server
// leads forward only, by a cursor from each page to the next. So the cursors of all pages are kept, which is little,
// and the rows of some pages: those seen last. Who goes back gets the others once more.
//
// Rows come and go while one looks. So a page is what lies between its cursor and what was its last entry, where the
// next one begins, whether that entry is still there or not: read once more it may have more rows or fewer, and those
// behind it move. What is to be found again is held by its id, not by its row: ids are in the order of the list.

import { objects } from "./store.js";

const KEPT = 24;
const AT_MOST = 3; // pages that are asked for to find the end of one
const BEHIND_ALL = "0"; // ids begin with # and /

export class Listing {
    #pages = []; // { cursor: what it is asked by, last: the id that it ends with, start: its first row, length, entries
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

    // The entry of that row, as soon as it is here; undefined where that is not to be. Of what a page ends with the id
    // is enough.
    async at(row) {
        const page = this.#pages[this.#pageOf(row)], place = row - page?.start;
        if (!page?.entries && place === page?.length - 1)
            return { key: { id: page.last } };
        if (page && !page.entries)
            await this.#load(page);
        return page?.entries?.[Math.min(place, page.length - 1)];
    }

    // All entries from one to another, whichever comes first, or all that are, in lots. Those that are not here, or may
    // have changed, are asked for.
    async *between(...ends) {
        const known = await Promise.all(ends);
        if (known.includes(undefined))
            return;
        let [from, to] = known.length > 0 ? known.map(({ key }) => key.id).sort() : ["", BEHIND_ALL];
        while (!this.#abort.signal.aborted) {
            const page = this.#pages.find(({ last }) => last >= from);
            if (!page && this.complete)
                return;
            if (!page?.entries || page.stale) {
                await this.#load(page ?? null);
                continue;
            }
            yield page.entries.filter(({ key: { id } }) => id >= from && id <= to);
            if (page.last >= to)
                return;
            from = `${page.last}\0`; // no id is between the two
        }
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

    // The row of an entry, or of the first one behind it where it is gone; -1 where its page is not here.
    rowOf({ key: { id } }) {
        const page = this.#pages.find(({ last }) => last >= id);
        if (!page?.entries)
            return -1;
        const place = page.entries.findIndex(({ key }) => key.id >= id);
        return page.start + (place < 0 ? page.length : place);
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
        const page = { cursor, last: entries.at(-1)?.key.id, start: this.count, length: 0, entries: null };
        this.#pages.push(page);
        this.#fill(page, entries);
        this.#end(next);
    }

    async #reread(page, signal) {
        const found = [], isBefore = ({ key: { id } }) => id < page.last;
        let next = page.cursor, asked = 0;
        do {
            const got = await this.#get(next, signal);
            found.push(...got.entries);
            next = got.cursor;
        } while (next !== null && ++asked < AT_MOST && found.every(isBefore));
        if (page === this.#pages.at(-1) || found.every(isBefore))
            this.#cut(page, found, next);
        else
            this.#fill(page, found.filter(({ key: { id } }) => id <= page.last));
    }

    // Its end is not found: all that is behind the page is forgotten, and comes anew.
    #cut(page, entries, next) {
        const number = this.#pages.indexOf(page);
        if (number < 0)
            return;
        this.#pages.length = number + 1;
        this.count = page.start + page.length;
        page.last = entries.at(-1)?.key.id;
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
        Object.assign(page, { entries, length: entries.length, stale: false, seen: ++this.#turn });
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
