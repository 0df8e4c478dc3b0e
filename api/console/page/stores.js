// stores.js - all stores, with how full they are.

import { setBar, makeBar } from "./bars.js";
import { ask } from "./dialog.js";
import { button, icon, make, setText, show } from "./dom.js";
import { faultOf } from "./fault.js";
import * as format from "./format.js";
import { complain } from "./notice.js";
import { homeOf } from "./reach.js";
import * as router from "./router.js";
import { Scroller } from "./scroll.js";
import { may, mayMakeStores, maySeeFigures } from "./session.js";
import { create, figures, isStoreName, stores } from "./store.js";
import { words } from "./words.js";

const FRESH = 5000; // for so long figures are shown without being asked for again
const AT_ONCE = 3;

// The names of the stores as rows, and the figures of those that are seen.
class Stores {
    #cursor = null;
    #asking = null;
    #figures = new Map(); // name -> { asked, figures, at: where another server has it }
    #wanted = new Set();
    #under = 0;
    #abort = new AbortController();
    names = [];
    complete = false;
    failure = null;

    constructor(changed) {
        this.changed = changed;
    }

    close() {
        this.#abort.abort();
    }

    get count() {
        return this.names.length;
    }

    entry(row) {
        const name = this.names[row];
        const { asked, figures = null, at = null } = this.#figures.get(name) ?? {};
        if (maySeeFigures(name) && !(Date.now() - asked < FRESH))
            this.#want(name);
        return { name, figures, at };
    }

    more() {
        this.#asking ??= this.#page().finally(() => { this.#asking = null; });
        return this.#asking;
    }

    async #page() {
        try {
            const page = await stores(this.#cursor, this.#abort.signal);
            this.names.push(...page.stores.map(({ name }) => name));
            this.#cursor = page.cursor;
            this.complete = page.cursor === null;
            this.failure = null;
        } catch (error) {
            this.failure = error;
        }
        if (!this.#abort.signal.aborted)
            this.changed();
    }

    #want(name) {
        this.#wanted.add(name);
        while (this.#under < AT_ONCE && this.#wanted.size > 0)
            this.#ask();
    }

    async #ask() {
        const name = [...this.#wanted].pop(); // those seen last first
        this.#wanted.delete(name);
        this.#under++;
        const got = await figures(name, this.#abort.signal).then((of) => ({ figures: of }), ({ at }) => ({ at }));
        this.#under--;
        this.#figures.set(name, { asked: Date.now(), ...got });
        if (this.#abort.signal.aborted)
            return;
        this.changed();
        if (this.#wanted.size > 0)
            this.#want([...this.#wanted].pop());
    }
}

export class StoresView {
    constructor() {
        this.title = words.views.stores;
        this.count = make("p", { class: "count", role: "status" });
        this.empty = make("p", { class: "empty", hidden: true });
        this.making = button(words.stores.make,
            { icon: "plus", kind: "primary", hidden: true, onclick: () => this.#make().catch(complain) });
        const head = (name) => make("span", { role: "columnheader", class: name }, words.stores.columns[name]);
        const rowHeight = matchMedia("(max-width: 700px)").matches ? 92 : 64;
        this.scroller = new Scroller({ label: words.views.stores, rowHeight,
            head: ["name", "objects", "size", "dead", "disk"].map(head),
            make: (row) => this.#makeRow(row), fill: (row, entry) => this.#fillRow(row, entry),
            on: { open: ({ name }) => router.go(homeOf(name)) } });
        this.element = make("section", { class: "stores" }, make("header", { class: "store-head" },
            make("h1", { tabindex: -1 }, words.views.stores), this.count,
            make("div", { class: "actions" }, button(words.browse.refresh,
                { icon: "refresh", kind: "bare", onclick: () => this.#list() }), this.making)),
        make("div", { class: "list" }, this.scroller.element, this.empty));
    }

    arrive() {
        this.#list();
        return true;
    }

    close() {
        this.source?.close();
        this.scroller.close();
    }

    #list() {
        this.source?.close();
        this.source = new Stores(() => this.#came());
        this.scroller.show(this.source);
        this.source.more();
    }

    #came() {
        const { names, count, complete, failure } = this.source, mayMake = mayMakeStores(names);
        this.scroller.draw();
        show(this.making, mayMake);
        setText(this.count, words.stores.count(count, complete));
        show(this.empty, Boolean(failure) || (complete && count === 0));
        this.empty.replaceChildren(...failure ? faultOf(failure) :
            [mayMake ? words.stores.none : words.stores.noneForYou]);
    }

    #makeRow(row) {
        const cell = (kind, ...children) => make("span", { role: "gridcell", class: kind }, ...children);
        const cells = { name: make("span", { class: "text" }), at: make("span", { class: "hint" }), objects: makeBar("quota"), size: makeBar("quota"),
            dead: makeBar("dead"), disk: cell("disk") };
        row.append(cell("name", icon("store"), cells.name, cells.at), cell("objects", cells.objects.element),
            cell("size", cells.size.element),
            cell("dead", cells.dead.element), cells.disk);
        return cells;
    }

    #fillRow({ cells }, { name, figures: of, at }) {
        setText(cells.name, name);
        setText(cells.at, at === null ? "" : words.stores.at(new URL(at).host));
        const quota = (bar, used, most, write) => setBar(bar, "quota", of &&
            most !== null ? used / Math.max(1, most) : null,
            !of ? "" : most === null ? write(used) : words.stores.of(write(used), write(most)));
        quota(cells.objects, of?.objects, of?.limits.objects ?? null, (value) => words.stores.objects(value));
        quota(cells.size, of && of.live_bytes + of.unfinished_bytes, of?.limits.bytes ?? null, format.bytes);
        setBar(cells.dead, "dead", of && of.disk_bytes > 0 ? of.dead_bytes / of.disk_bytes : null,
            of ? format.percent(of.dead_bytes, of.disk_bytes) : "");
        setText(cells.disk, of ? format.bytes(of.disk_bytes) : "");
    }

    async #make() {
        const made = await ask({ title: words.stores.make, submit: words.stores.submit,
            fields: [{ name: "name", label: words.stores.name, hint: words.stores.nameHint }],
            work: async ({ name }) => {
                if (!isStoreName(name))
                    throw new Error(words.stores.malformed);
                if (!may("admin", name))
                    throw new Error(words.stores.notYours(name));
                if (!await create(name))
                    throw new Error(words.stores.taken(name));
                return name;
            } });
        if (made !== null)
            router.go(homeOf(made));
    }
}
