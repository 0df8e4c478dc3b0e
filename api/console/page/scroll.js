// scroll.js - a grid of any number of rows, of which only those exist that are seen.
//
// Browsers lay out nothing above some 17 or 33 million pixels, and a million rows are more than that. So the place in
// the list is a number of its own, `top`, and the scroll bar is but one way to change it: small steps of it are taken
// as they are, a great one is a jump to that share of the list. When the scrolling has ended the bar is put where `top`
// is.
//
// The grid holds the focus all the time, whichever rows come and go, and tells by aria-activedescendant which is
// active.

import { make, perFrame } from "./dom.js";

const TALLEST = 8000000;
const SPARE = 4;
let grids = 0;

export class Scroller {
    #top = 0;
    #last = 0; // where the scroll bar was when it was looked at last
    #rows = [];
    #first = { row: 0, entry: undefined }; // what was on top when it was drawn last
    #active = { row: 0, entry: undefined };
    #id = `grid-${++grids}`;

    // source: { count, complete, entry(row), more() }, and rowOf(entry) where its rows may move: -1 where that is not
    // known. make(row): builds a row's cells once; fill(row, entry, index) sets them. head: the cells of the first
    // line. on: { open(entry, index, event), select(index, event), range(entry, index), key(event) }.
    constructor({ label, head, make: makeRow, fill, on = {}, multiple = false, rowHeight = 36 }) {
        Object.assign(this, { makeRow, fill, on });
        const enlarged = parseFloat(getComputedStyle(document.documentElement).fontSize) / 18; // by who reads
        this.height = Math.max(1, enlarged) * (matchMedia("(pointer: coarse)").matches ? Math.max(rowHeight, 44) : rowHeight);
        this.head = make("div", { role: "row", class: "row head", "aria-rowindex": 1 }, ...head);
        this.head.hidden = head.length === 0;
        this.body = make("div", { role: "rowgroup", class: "rows" });
        this.window = make("div", { class: "window", role: "none" }, this.head, this.body);
        this.spacer = make("div", { class: "spacer", role: "none" });
        this.element = make("div", { role: "grid", class: "grid", tabindex: 0, "aria-label": label,
            "aria-multiselectable": multiple ? "true" : null, onscroll: () => this.#scrolled(),
                onkeydown: (event) => this.#key(event),
            onscrollend: () => this.#settle(), onclick: (event) => this.#clicked(event) },
        this.window, this.spacer);
        this.draw = perFrame(() => this.#draw());
        this.observer = new ResizeObserver(() => this.#draw());
        this.observer.observe(this.element);
    }

    close() {
        this.observer.disconnect();
    }

    // Shows other rows, from the first one on.
    show(source) {
        this.source = source;
        this.#first = this.#active = { row: 0, entry: undefined };
        this.#top = 0;
        this.element.scrollTop = this.#last = 0;
        this.draw();
    }

    // The rows of the source may be others by now. What is on top stays there, but for the beginning of the list, and
    // what is active stays so, whatever row they have become. What is active is looked at each time: a source keeps
    // what was looked at last.
    keep() {
        const first = this.#rowOf(this.#first), active = this.#rowOf(this.#active);
        if (active >= 0 || !this.#active.entry)
            this.#activate(active < 0 ? this.active : active);
        const by = first >= 0 && this.#top > 0 ? first - this.#first.row : 0;
        if (by !== 0) {
            this.#top += by * this.height + this.element.scrollTop - this.#last; // it may just be scrolled
            this.#place();
        }
        this.#draw();
    }

    // The same, but only what is active stays what it is, while somebody is here and it is there; else its row does.
    follow() {
        const row = this.element === document.activeElement ? this.#rowOf(this.#active) : -1;
        this.#activate(row < 0 ? this.active : row);
        this.#draw();
    }

    #rowOf({ entry }) {
        return entry ? this.source.rowOf(entry) : -1;
    }

    // The row on top.
    get first() {
        return Math.floor(this.#top / this.height);
    }

    get active() {
        return Math.min(this.#active.row, Math.max(0, this.source.count - 1));
    }

    #activate(row) {
        this.#active = { row, entry: row < this.source.count ? this.source.entry(row) : undefined };
    }

    set active(row) {
        this.#activate(Math.max(0, Math.min(row, this.source.count - 1)));
        const top = this.active * this.height;
        if (top < this.#top)
            this.#top = top;
        else if (top + this.height > this.#top + this.#seen)
            this.#top = top + this.height - this.#seen;
        this.#place();
        this.draw();
    }

    // ---- where ---------------------------------------------------------------------------------------

    get #seen() {
        return Math.max(this.height, this.element.clientHeight - this.head.offsetHeight);
    }

    get #all() {
        return this.source.count * this.height;
    }

    get #furthest() {
        return Math.max(0, this.#all - this.#seen);
    }

    get #barFurthest() {
        return Math.max(0, Math.min(this.#all, TALLEST) - this.#seen);
    }

    #scrolled() {
        const bar = this.element.scrollTop, step = bar - this.#last;
        if (step === 0)
            return;
        this.#last = bar;
        if (this.#all <= TALLEST)
            this.#top = bar;
        else if (Math.abs(step) < this.#seen * 3)
            this.#top += step;
        else
            this.#top = bar / this.#barFurthest * this.#furthest;
        if (bar >= this.#barFurthest - 1 && this.#top > this.#furthest - this.#seen * 3)
            this.#top = this.#furthest;
        this.#clamp();
        this.#draw();
    }

    #clamp() {
        this.#top = Math.max(0, Math.min(this.#top, this.#furthest));
    }

    // As long as the rows that there are by now: no scroll bar goes further than that.
    #stretch() {
        this.spacer.style.height = `${Math.min(this.#all, TALLEST)}px`;
        this.window.style.height = `${this.element.clientHeight}px`;
        this.spacer.style.marginTop = `${this.head.offsetHeight - this.element.clientHeight}px`;
    }

    // Puts the scroll bar where `top` is.
    #place() {
        this.#stretch();
        this.#clamp();
        const bar = this.#all <= TALLEST ? this.#top : this.#top / this.#furthest * this.#barFurthest;
        this.element.scrollTop = bar;
        this.#last = this.element.scrollTop;
    }

    #settle() {
        if (this.#all > TALLEST)
            this.#place();
    }

    // ---- what is seen --------------------------------------------------------------------------------

    #draw() {
        if (!this.source || !this.element.isConnected)
            return;
        this.#stretch();
        this.#clamp();
        const { count, complete } = this.source, { first } = this;
        const shown = Math.min(count - first, Math.ceil(this.#seen / this.height) + 1);
        this.#grow(Math.max(0, shown));
        this.#rows.forEach((row, place) => this.#set(row, place < shown ? first + place : null));
        this.element.setAttribute("aria-rowcount", complete ? count + 1 : -1);
        const active = this.#rows.find((row) => row.index === this.active);
        if (active)
            this.element.setAttribute("aria-activedescendant", active.element.id);
        else
            this.element.removeAttribute("aria-activedescendant");
        if (!complete && !this.source.failure && first + shown > count - 500)
            this.source.more().catch(() => {});
    }

    #grow(shown) {
        while (this.#rows.length < shown + SPARE && this.#rows.length < this.source.count) {
            const element = make("div", { role: "row", class: "row", id: `${this.#id}-${this.#rows.length}` });
            const row = { element, cells: this.makeRow(element), index: null };
            this.#rows.push(row);
            this.body.append(element);
        }
    }

    #set(row, index) {
        const entry = index === null ? undefined : this.source.entry(index);
        row.index = index;
        row.element.hidden = index === null;
        if (index === null)
            return;
        if (index === this.first)
            this.#first = { entry, row: index };
        row.element.style.transform = `translateY(${index * this.height - this.#top}px)`;
        row.element.style.height = `${this.height}px`;
        row.element.setAttribute("aria-rowindex", index + 2);
        row.element.classList.toggle("active", index === this.active);
        row.element.classList.toggle("waiting", !entry);
        this.fill(row, entry, index);
    }

    // ---- keys and pointers ---------------------------------------------------------------------------

    #key(event) {
        const page = Math.max(1, Math.floor(this.#seen / this.height) - 1), last = this.source.count - 1;
        const to = { ArrowDown: this.active + 1, ArrowUp: this.active - 1, PageDown: this.active + page,
            PageUp: this.active - page,
                     Home: 0, End: last }[event.key];
        if (event.target !== this.element)
            return;
        if (to !== undefined && !event.altKey) {
            event.preventDefault();
            const { entry } = this.#active;
            this.active = to;
            if (event.shiftKey && entry)
                this.on.range?.(entry, this.active);
        } else if (event.key === "Enter") {
            event.preventDefault();
            this.#open(this.active, event);
        } else if (event.key === " ") {
            event.preventDefault();
            this.on.select?.(this.active, event);
        } else {
            this.on.key?.(event);
        }
    }

    #open(index, event) {
        const entry = this.source.count > 0 ? this.source.entry(index) : undefined;
        if (entry)
            this.on.open?.(entry, index, event);
    }

    #clicked(event) {
        const row = this.#rows.find(({ element }) => element.contains(event.target));
        if (!row || row.index === null)
            return;
        this.#activate(row.index);
        this.draw();
        if (event.target.closest(".check") || event.shiftKey || event.ctrlKey || event.metaKey)
            this.on.select?.(row.index, event);
        else if (event.detail < 2 && !event.target.closest("button, a")) // what the first of two has opened is elsewhere
            this.#open(row.index, event);
    }
}
