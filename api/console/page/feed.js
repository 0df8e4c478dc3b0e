// feed.js - what happens in a store, as it happens: the newest on top.

import { button, make, setText, show } from "./dom.js";
import { follow, later } from "./events.js";
import { faultOf } from "./fault.js";
import { Finder } from "./finder.js";
import * as format from "./format.js";
import { storeHead } from "./head.js";
import { Key, isPrefix, percentEncode, write } from "./key.js";
import { complain } from "./notice.js";
import * as router from "./router.js";
import { Scroller } from "./scroll.js";
import { may, prefixesOf } from "./session.js";
import { Refusal, askJson } from "./server.js";
import { isolate } from "./spelling.js";
import { words } from "./words.js";

const MOST = 5000;

// The newest first; what comes while they are held is kept aside.
class Rows {
    #rows = [];
    #aside = [];
    complete = true;
    held = false;
    waiting = 0; // that have come since they are held
    more = async () => {};

    get count() {
        return this.#rows.length;
    }

    entry(row) {
        return this.#rows[row];
    }

    add(changes) {
        this.#aside = [...changes.reverse(), ...this.#aside].slice(0, MOST);
        this.waiting += changes.length;
        if (!this.held)
            this.release();
    }

    release() {
        this.#rows = [...this.#aside, ...this.#rows].slice(0, MOST);
        this.#aside = [];
        this.waiting = 0;
    }

    clear() {
        this.#rows = [];
        this.#aside = [];
        this.waiting = 0;
    }
}

export class Feed {
    #abort = new AbortController();
    #seen = 0;

    constructor({ store }) {
        this.store = store;
        this.title = words.feed.title(store);
        this.rows = new Rows();
        const head = (name) => make("span", { role: "columnheader", class: name }, words.feed.columns[name]);
        this.scroller = new Scroller({ label: words.feed.list, head: ["op", "name", "size", "time"].map(head),
            make: (row) => this.#makeRow(row), fill: (row, change) => this.#fillRow(row, change),
                on: { open: (change) => this.#open(change) } });
        this.finder = new Finder(() => this.#begin());
        this.state = make("p", { class: "count" });
        this.empty = make("p", { class: "empty" });
        this.hold = button(words.feed.hold, { icon: "pause", kind: "toggle", "aria-pressed": "false",
            onclick: () => this.#hold() });
        this.element = make("section", { class: "feed" }, storeHead(store, "changes"),
            make("div", { class: "tools" }, this.#choice(), this.finder.element, this.hold, this.state),
            make("div", { class: "list" }, this.scroller.element, this.empty));
    }

    arrive() {
        this.scroller.show(this.rows);
        this.#begin();
        return true;
    }

    close() {
        this.finder.close();
        this.#abort.abort();
        this.scroller.close();
    }

    // Who may list only below some prefixes follows one of these.
    #choice() {
        const prefixes = may("list", this.store) ? [""] : prefixesOf("list", this.store);
        this.prefix = prefixes[0] ?? "";
        return prefixes.length > 1 && make("select", { class: "below", "aria-label": words.feed.below,
            onchange: ({ target }) => {
                this.prefix = prefixes[target.selectedIndex];
                this.#begin();
            } }, ...prefixes.map((prefix) => make("option", { label: isolate(write(prefix)) })));
    }

    #begin() {
        this.#abort.abort();
        this.#abort = new AbortController();
        this.rows.clear();
        this.#seen = 0;
        this.hasEnded = false;
        setText(this.empty, words.feed.nothing);
        this.#follow(this.#abort.signal).catch((error) => error.name !== "AbortError" && this.#failed(error));
        this.#shown();
    }

    // It has come to an end: what was seen until then stays.
    #failed(error) {
        this.hasEnded = true;
        setText(this.state, "");
        (this.rows.count > 0 ? this.state : this.empty).replaceChildren(...faultOf(error));
    }

    // From what is the end just now; once more where it was not looked at for so long that nobody knows any more what
    // has happened since, or the store was made anew.
    async #follow(signal) {
        const path = `v1/stores/${this.store}/changes`;
        const bytes = this.prefix + this.finder.bytes, prefix = percentEncode(bytes);
        if (!isPrefix(bytes))
            throw new Error(words.browse.tooLong);
        while (!signal.aborted) {
            try {
                const { end, log } = await askJson("GET", path, { query: { limit: 1, prefix }, signal });
                this.#goOn();
                await this.#watch(follow(path, { query: { since: end, log, prefix }, signal,
                    told: (on) => this.#told(on) }));
            } catch (error) {
                if (error.kind === "changes-gone")
                    complain(error);
                else
                    await this.#gone(error, signal);
            }
        }
    }

    async #gone(error, signal) {
        if (error.kind !== "no-store")
            throw error;
        if (!this.hasEnded)
            this.#failed(error);
        await later(signal);
    }

    // The store is there again.
    #goOn() {
        if (!this.hasEnded)
            return;
        this.hasEnded = false;
        setText(this.empty, words.feed.nothing);
        complain(new Refusal(410, { type: "changes-gone" }));
    }

    async #watch(events) {
        for await (const { name, data } of events) {
            if (name === "gone")
                throw new Refusal(410, data);
            this.#seen += data.changes.length;
            this.rows.add(data.changes);
            this.#shown();
        }
    }

    #told(connected) {
        this.connected = connected;
        this.#shown();
    }

    #shown() {
        if (!this.hasEnded)
            setText(this.state, this.#sentence());
        show(this.empty, this.rows.count === 0);
        this.scroller.draw();
    }

    #sentence() {
        if (!this.connected)
            return words.feed.connecting;
        return this.rows.held ? words.feed.held(this.rows.waiting) : words.feed.seen(this.#seen);
    }

    #hold() {
        this.rows.held = !this.rows.held;
        if (!this.rows.held)
            this.rows.release();
        this.hold.setAttribute("aria-pressed", this.rows.held);
        setText(this.hold.lastChild, this.rows.held ? words.feed.goOn : words.feed.hold);
        this.#shown();
    }

    #makeRow(row) {
        const cell = (kind) => make("span", { role: "gridcell", class: kind });
        const cells = { op: cell("op"), name: make("span", { class: "text" }), size: cell("size"), time: cell("time") };
        row.append(cells.op, make("span", { role: "gridcell", class: "name" }, cells.name), cells.size, cells.time);
        return cells;
    }

    #fillRow({ element, cells }, change) {
        element.classList.toggle("gone", change.op === "delete");
        setText(cells.op, words.feed.ops[change.op]);
        setText(cells.name, isolate(Key.of(change).shown));
        setText(cells.size, change.op === "put" ? format.bytes(change.size) : "");
        setText(cells.time, format.time(Date.parse(change.modified)));
    }

    #open(change) {
        if (change.op !== "put")
            return;
        const key = Key.of(change), prefix = (key.bytes ?? "").replace(/[^/]*$/, "");
        router.go({ view: "objects", store: this.store, prefix, open: key.id });
    }
}
