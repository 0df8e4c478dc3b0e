// reach.js - where somebody is let in who is not let in everywhere: as rows of a list, in the place of objects that
// they may not list. It has what a listing has (listing.js), and asks nobody.

import { Key } from "./key.js";
import { may, maySeeFigures, prefixesOf } from "./session.js";

const RIGHTS = ["list", "read", "write", "delete"];

const isBelow = (prefix, others) => others.some((other) => other !== prefix && prefix.startsWith(other));

// The prefixes below which anything may be done with objects. One that lies below another stands for itself only where
// it may be listed and the other may not.
export function reachOf(store) {
    const all = [...new Set(RIGHTS.flatMap((right) => prefixesOf(right, store)))].sort();
    const listed = prefixesOf("list", store);
    return all.filter((prefix) => !isBelow(prefix, listed.includes(prefix) ? listed : all));
}

// The place where a store is entered: where one may look around, or what can be done at all.
export function homeOf(store) {
    const reach = reachOf(store);
    if (reach.length === 0 && maySeeFigures(store))
        return { view: "live", store };
    return { view: "objects", store, prefix: may("list", store) || reach.length !== 1 ? "" : reach[0] };
}

export class Reach {
    complete = true;
    failure = null;

    constructor(store, prefix, changed) {
        this.rows = reachOf(store).filter((other) => other.length > prefix.length && other.startsWith(prefix))
            .map((bytes) => ({ key: new Key(bytes), folder: true }));
        queueMicrotask(changed);
    }

    get count() {
        return this.rows.length;
    }

    entry(row) {
        return this.rows[row];
    }

    async at(row) {
        return this.rows[row];
    }

    async *between(...ends) {
        const [from = 0, to] = (await Promise.all(ends)).map((end) => this.rows.indexOf(end))
            .sort((one, other) => one - other);
        yield this.rows.slice(from, to + 1 || undefined);
    }

    async more() {}

    async renew() {}

    rowOf(entry) {
        return this.rows.indexOf(entry);
    }

    close() {}
}
