// upload.js - what is on its way to the server, at the foot of the page: how far it is, and what one can do about it.

import { rest } from "./calm.js";
import { Question } from "./conflict.js";
import { ask } from "./dialog.js";
import { button, make, setText, show, toHeading } from "./dom.js";
import { sentenceOf } from "./fault.js";
import * as format from "./format.js";
import { Queue } from "./queue.js";
import { Scroller } from "./scroll.js";
import { isolate, spell, tell } from "./spelling.js";
import { words } from "./words.js";

const OFTEN = 200; // milliseconds between two looks at the queue
const REFRESH = 3000; // and between two refreshes of the list behind
const HELD = 3000; // for which files keep their rows, since somebody has moved a hand or pressed a key among them

// The rows: what is happening or has gone wrong first, then what is to come, then what is done.
class Rows {
    #rows = [];
    complete = true;
    more = async () => {};

    // Whoever is about to do something with one of them finds it where it is: then the others come behind.
    renew(items, areHeld) {
        if (areHeld) {
            const left = new Set(items);
            this.#rows = [...this.#rows.filter((item) => left.delete(item)), ...left];
            return;
        }
        const parts = { active: [], waiting: [], done: [], skipped: [] };
        for (const item of items)
            (parts[item.state] ?? parts.active).push(item);
        this.#rows = Object.values(parts).flat();
    }

    get count() {
        return this.#rows.length;
    }

    entry(row) {
        return this.#rows[row];
    }

    rowOf(item) {
        return this.#rows.indexOf(item);
    }
}

const DO = { sending: "pause", waiting: "pause", paused: "resume", failed: "retry" };
const ICONS = { pause: "pause", resume: "play", retry: "retry" };

class Uploads {
    left = false; // somebody has said that they may end
    #timer = null;
    #asked = Promise.resolve(); // one question after the other
    #stores = new Set(); // those that have got something since the lists were told
    #refreshed = 0;
    #held = 0; // until then files keep their rows
    #places = new Map(); // where each thing was when it was looked at last
    #pace = []; // [time, bytes sent] of the last seconds

    constructor() {
        this.queue = new Queue({ decide: (item) => this.#decide(item), changed: () => this.#later(),
            stored: (store) => this.#stores.add(store) });
        this.rows = new Rows();
        this.question = new Question({ left: () => this.heading.focus(), changed: () => this.#settle() });
        this.heading = make("h2", { tabindex: -1 }, words.upload.title);
        this.state = make("p");
        this.spoken = make("p", { class: "unseen", role: "status" });
        this.figures = make("p", { class: "hint" });
        this.progress = make("progress", { max: 1, value: 0, "aria-label": words.upload.progress });
        this.pause = button(words.upload.pauseAll, { icon: "pause", onclick: () => this.#togglePause() });
        this.retry = button(words.upload.retryAll,
            { icon: "retry", onclick: () => this.queue.retry(this.queue.items.filter((item) =>
            item.state === "failed")) });
        this.clear = button(words.upload.clear, { onclick: () => this.#clear() });
        this.fold = button(words.upload.fold, { kind: "toggle", "aria-expanded": "true", onclick: () => this.#fold() });
        this.scroller = this.#list();
        this.element = make("section", { class: "uploads", "aria-label": words.upload.title, hidden: true },
            this.question.element, make("header", {}, this.heading, this.fold), this.state, this.spoken, this.progress,
                this.figures,
            make("div", { class: "actions" }, this.pause, this.retry, this.clear),
                make("div", { class: "list" }, this.scroller.element));
        for (const name of ["pointermove", "pointerdown", "wheel", "keydown"])
            this.element.addEventListener(name, () => { this.#held = performance.now() + HELD; }, { passive: true });
        addEventListener("beforeunload", (event) => this.queue.isUnfinished && !this.left && event.preventDefault());
    }

    begin(group) {
        show(this.element, true);
        this.#settle();
        return this.queue.group(group);
    }

    add(group, target, files) {
        this.queue.add(group, target, files);
    }

    end() {
        this.queue.end();
        show(this.element, this.queue.items.length > 0);
    }

    // These files, and no more come with them.
    put(target, files) {
        this.add(this.begin(), target, files);
        this.end();
    }

    // ---- the list --------------------------------------------------------------------------------

    #list() {
        const scroller = new Scroller({ label: words.upload.list, rowHeight: 44, head: [],
            make: (row) => this.#makeRow(row),
            fill: (row, item, index) => this.#fillRow(row, item, index),
            on: { open: (item) => this.#act(item),
                key: (event) => this.#key(event, this.rows.entry(scroller.active)) } });
        return scroller;
    }

    #makeRow(row) {
        const cells = { name: make("span", { class: "text" }), state: make("span", { class: "hint" }),
                        why: button(words.fault.button, { icon: "info", kind: "bare", tabindex: -1,
                            onclick: () => this.#explain(cells.item) }),
                        act: button(words.upload.pause,
                            { icon: "pause", kind: "bare", tabindex: -1, onclick: () => this.#act(cells.item) }),
                        drop: button(words.upload.drop,
                            { icon: "close", kind: "bare", tabindex: -1, onclick: () => this.#drop(cells.item) }) };
        row.append(make("span", { role: "gridcell", class: "file" }, cells.name, cells.state),
            make("span", { role: "gridcell", class: "acts" }, cells.why, cells.act, cells.drop));
        return cells;
    }

    #fillRow({ element, cells }, item, index) {
        const act = DO[item.state], isHeld = this.queue.paused && item.state === "waiting";
        if (cells.index === index && (cells.item !== item || cells.does !== act))
            rest(element);
        Object.assign(cells, { item, index, does: act });
        setText(cells.name, isolate(item.key.shown));
        setText(cells.state, words.upload.states[isHeld ? "paused" : item.state]({ error: item.error && sentenceOf(item.error),
            store: item.store, late: item.late, share: format.percent(item.sent, item.size),
            size: item.size === null ? "" : format.bytes(item.size) }));
        element.classList.toggle("bad", item.state === "failed");
        cells.why.hidden = !item.error?.detail;
        cells.act.hidden = act === undefined;
        cells.drop.hidden = item.state === "done" || item.state === "skipped";
        if (act === undefined || cells.acting === act)
            return;
        cells.acting = act;
        cells.act.replaceChildren(button("", { icon: ICONS[act] }).firstChild);
        cells.act.setAttribute("aria-label", words.upload[act]);
        cells.act.title = words.upload[act];
    }

    #key({ key }, item) {
        if (key === "Delete")
            this.#drop(item);
        else if (key === "?" && item?.error?.detail)
            this.#explain(item);
    }

    #act(item) {
        if (DO[item.state] === "pause")
            this.queue.pauseOne(item);
        else if (DO[item.state])
            this.queue.retry([item]);
    }

    #explain({ key, error }) {
        return ask({ title: tell(key.shown), text: [error.message, spell(error.detail)], cancel: words.dialog.close,
            wide: true });
    }

    #drop(item) {
        if (!item || item.state === "done" || item.state === "skipped")
            return;
        this.queue.drop(item);
        this.question.withdraw(item);
    }

    // ---- how far it is -----------------------------------------------------------------------------

    #later() {
        this.#timer ??= setTimeout(() => {
            this.#timer = null;
            this.#look();
        }, OFTEN);
    }

    #look() {
        const { queue } = this, { counts } = queue, all = queue.items.length;
        this.rows.renew(queue.items, performance.now() < this.#held);
        if (this.scroller.source)
            this.scroller.follow();
        else
            this.scroller.show(this.rows);
        this.progress.value = this.#share();
        const { kind, text } = this.#sentence();
        setText(this.state, text);
        this.#speak(kind, text);
        setText(this.figures, words.upload.figures(format.bytes(queue.sent), format.bytes(queue.sizes.bytes),
            queue.sizes.unknown > 0, queue.isBusy ? format.bytes(this.#rate()) : null));
        const label = queue.paused || counts.paused > 0 ? words.upload.resumeAll : words.upload.pauseAll;
        setText(this.pause.lastChild, label);
        show(this.pause, queue.isBusy || counts.paused > 0);
        show(this.retry, counts.failed > 0);
        show(this.clear, counts.done + counts.skipped > 0 && all > 0);
        this.#settle();
        this.#keepFocus();
        this.#tell();
        if (queue.isBusy && !queue.paused)
            this.#later();
    }

    // Not each file that is done, but each question. What was there is taken away a moment before: one may be asked by the
    // same words as the one before, and is to be spoken all the same.
    #speak(kind, text) {
        const { about, title } = this.question;
        if (this.said !== (about ?? kind)) {
            this.said = about ?? kind;
            setText(this.spoken, "");
            this.#later();
        } else {
            setText(this.spoken, about ? words.upload.asks(title.textContent) : this.spoken.textContent || text);
        }
    }

    // What has moved by itself cannot be pressed by a hand for a moment.
    #settle() {
        for (const element of this.element.querySelectorAll(":scope > :not(.question), .actions > *")) {
            const { x, y } = element.getBoundingClientRect(), place = `${Math.round(x)} ${Math.round(y + scrollY)}`;
            if (place !== this.#places.get(element))
                rest(element);
            this.#places.set(element, place);
        }
    }

    // What was pressed may be hidden by it.
    #keepFocus() {
        const { activeElement: focused } = document;
        if (!this.element.contains(focused) || focused.closest("[hidden]") === null)
            return;
        if (this.element.hidden)
            toHeading();
        else
            this.fold.focus();
    }

    // By bytes; by files while not all sizes are known.
    #share() {
        const { counts, items, sizes, sent, isBusy } = this.queue;
        if (sizes.unknown > 0)
            return (counts.done + counts.skipped) / items.length;
        return sizes.bytes > 0 ? sent / sizes.bytes : Number(!isBusy);
    }

    #sentence() {
        const { queue } = this, { counts } = queue, all = queue.items.length;
        if (queue.isLookedFor)
            return { kind: "looking", text: words.upload.looking };
        if (queue.isUnknown)
            return { kind: "unknown", text: words.upload.unknown };
        if (queue.paused)
            return { kind: "paused", text: words.upload.paused(counts.done, all) };
        if (queue.isAway)
            return { kind: "away", text: words.upload.away };
        if (queue.until !== null)
            return { kind: "later", text: words.upload.later(format.time(queue.until)) };
        if (queue.isBusy)
            return { kind: "busy", text: words.upload.sending(counts.done, all - counts.skipped) };
        const text = words.upload.ended(counts.done, counts.skipped, counts.failed, counts.paused);
        return { kind: text, text };
    }

    // Bytes a second over the last three.
    #rate() {
        const now = performance.now();
        this.#pace.push([now, this.queue.sent]);
        while (this.#pace.length > 2 && this.#pace[0][0] < now - 3000)
            this.#pace.shift();
        const [from, sent] = this.#pace[0];
        return now > from ? Math.max(0, (this.queue.sent - sent) / (now - from) * 1000) : 0;
    }

    // Lists of stores that have got something are looked up again.
    #tell() {
        if (this.#stores.size === 0 || (this.queue.isBusy && performance.now() < this.#refreshed + REFRESH))
            return;
        this.#refreshed = performance.now();
        for (const store of this.#stores)
            dispatchEvent(new CustomEvent("cairn-uploaded", { detail: store }));
        this.#stores.clear();
    }

    // ---- what people do ----------------------------------------------------------------------------

    #togglePause() {
        if (this.queue.paused || this.queue.counts.paused > 0)
            this.queue.resume();
        else
            this.queue.pause();
    }

    #clear() {
        this.queue.clear();
        show(this.element, this.queue.items.length > 0);
        this.#keepFocus();
    }

    #fold() {
        const open = this.fold.getAttribute("aria-expanded") === "true";
        this.fold.setAttribute("aria-expanded", !open);
        setText(this.fold.lastChild, open ? words.upload.unfold : words.upload.fold);
        this.element.classList.toggle("folded", open);
    }

    #decide(item) {
        this.#asked = this.#asked.then(() => item.state === "asking" ? this.question.ask(item) : undefined);
        return this.#asked;
    }
}

export const uploads = new Uploads();
