// browse.js - the objects of a store, folder by folder: the list, what is chosen in it, and one object beside it.

import { ByKey } from "./bykey.js";
import { Chosen } from "./chosen.js";
import { button, icon, make, setText, show } from "./dom.js";
import { nameOfFile, saveArchive } from "./download.js";
import { faultOf } from "./fault.js";
import { Finder } from "./finder.js";
import * as format from "./format.js";
import { Key, isPrefix, write } from "./key.js";
import { Listing } from "./listing.js";
import { complain, say } from "./notice.js";
import { ObjectPanel, entryOf } from "./object.js";
import { Reach } from "./reach.js";
import * as router from "./router.js";
import { Scroller } from "./scroll.js";
import { Selection } from "./select.js";
import { doubt, may } from "./session.js";
import { isolate, shorten, spell, tell } from "./spelling.js";
import { storeHead } from "./head.js";
import { uploadButtons, receiveDrops } from "./drop.js";
import { words } from "./words.js";

const CRUMB = 40; // characters of a folder's name in the path

// The folders above a prefix, each with the bytes that lead to it.
function crumbs(prefix) {
    const parts = prefix.split("/"), rest = parts.pop();
    const folders = parts.map((part, index) => ({ name: part, prefix: `${parts.slice(0, index + 1).join("/")}/` }));
    return rest === "" ? folders : [...folders, { name: rest, prefix }]; // a right may begin in the midst of a name
}

export class Browse {
    constructor(place) {
        this.place = place;
        this.selection = new Selection(() => this.#chosen());
        this.scroller = this.#grid();
        this.path = make("nav", { class: "path", "aria-label": words.browse.path });
        this.count = make("p", { class: "count", role: "status" });
        this.empty = make("p", { class: "empty", hidden: true });
        this.beside = make("div", { class: "beside" });
        this.chosen = new Chosen(this.selection, { place: () => this.place, again: () => this.#again(true),
            left: () => this.scroller.element.focus() });
        const list = make("div", { class: "list" }, this.scroller.element, this.empty);
        this.element = make("section", { class: "browse" }, storeHead(place.store, "objects"), this.#tools(),
            this.chosen.element, make("div", { class: "split" }, list, this.beside));
        this.stopDrops = receiveDrops(this.element, () => this.#target());
        this.refreshed = (event) => event.detail === this.place.store &&
            this.#again();
        addEventListener("cairn-uploaded", this.refreshed);
    }

    get title() {
        return this.place.prefix ? tell(write(this.place.prefix)) : this.place.store;
    }

    close() {
        this.hasEnded = true;
        removeEventListener("cairn-uploaded", this.refreshed);
        this.finder.close();
        this.listing?.close();
        this.panel?.close();
        this.scroller.close();
        this.stopDrops();
    }

    // Another place in the same store. True where that is another list, so that one begins to read anew.
    arrive(place) {
        const same = this.listing && ["prefix", "find", "flat"].every((name) => place[name] === this.place[name]);
        this.place = place;
        if (!same)
            this.#list();
        this.#open(place.open).catch(complain);
        return !same;
    }

    // ---- the list --------------------------------------------------------------------------------

    #grid() {
        const head = (name, kind) => make("span", { role: "columnheader", class: kind }, words.browse.columns[name]);
        const scroller = new Scroller({ label: words.browse.list, multiple: true,
            head: [make("span", { role: "columnheader", class: "check" }, this.#checkAll()), head("name", "name"),
                head("size", "size"),
                head("type", "type"), head("modified", "modified")],
            make: (row) => this.#makeRow(row), fill: (row, entry) => this.#fillRow(row, entry),
            on: { open: (entry) => this.#enter(entry), select: (index, event) => this.#select(index, event),
                  range: (entry, index) => this.#range(entry, this.listing.at(index)),
                  key: (event) => this.#key(event) } });
        return scroller;
    }

    #checkAll() {
        this.all = make("input", { type: "checkbox", tabindex: -1, "aria-label": words.browse.selectShown,
            onchange: () => this.#toggleAll() });
        return this.all;
    }

    #makeRow(row) {
        const cell = (kind, ...children) => make("span", { role: "gridcell", class: kind }, ...children);
        const cells = { box: make("input", { type: "checkbox", tabindex: -1 }), name: make("span", { class: "text" }),
                        file: icon("file"), folder: icon("folder"), size: cell("size"), type: cell("type"),
                            modified: cell("modified") };
        row.append(cell("check", cells.box), cell("name", cells.file, cells.folder, cells.name), cells.size, cells.type,
            cells.modified);
        return cells;
    }

    #fillRow({ element, cells }, entry) {
        const chosen = entry !== undefined && this.selection.has(entry), folder = entry?.folder === true;
        if (chosen && this.selection.see(entry))
            this.chosen.show();
        element.setAttribute("aria-selected", chosen);
        cells.box.checked = chosen;
        cells.box.setAttribute("aria-label", words.browse.select(entry ? shorten(this.#name(entry)) : ""));
        element.classList.toggle("open", Boolean(entry) && entry.key.id === this.place.open);
        cells.file.classList.toggle("off", folder || !entry);
        cells.folder.classList.toggle("off", !folder);
        setText(cells.name, entry ? isolate(this.#name(entry)) : words.browse.loading);
        setText(cells.size, entry && !folder ? format.bytes(entry.size) : "");
        setText(cells.type, folder ? words.browse.folder : spell(entry?.type ?? ""));
        setText(cells.modified, entry && !folder ? format.date(entry.modified) : "");
    }

    // Within its folder.
    #name({ key }) {
        if (key.bytes === null)
            return key.shown;
        return write(key.bytes.slice(this.place.flat ? 0 : this.place.prefix.length)) || words.browse.itself;
    }

    #list() {
        const { store, prefix, find, flat } = this.place, isListed = may("list", store, prefix + find);
        this.listing?.close();
        this.selection.clear();
        this.anchor = null;
        this.listing = isListed ? new Listing(store, { prefix: prefix + find, flat }, () => this.#came()) :
            new Reach(store, prefix + find, () => this.#came());
        this.byKey.show(!isListed, prefix);
        this.scroller.show(this.listing);
        this.#crumbs();
        show(this.empty, false);
        setText(this.count, words.browse.loading);
        this.folders.setAttribute("aria-pressed", !flat);
        this.finder.bytes = find;
        this.tar.hidden = !(isPrefix(prefix) && may("list", store, prefix) && may("read", store, prefix));
        show(this.uploads, may("write", store, prefix));
        this.listing.more().catch(() => {});
    }

    // Once more, and what is seen first. isOwn: what is gone was deleted here. What was begun here may end when another
    // list is in its place: then that one is.
    #again(isOwn = false) {
        if (this.hasEnded) {
            dispatchEvent(new CustomEvent("cairn-uploaded", { detail: this.place.store }));
            return;
        }
        this.listing.renew(this.scroller.first).catch(() => {});
        this.#renew(isOwn).catch(() => {});
    }

    #came() {
        const { count, complete, failure } = this.listing, hadFocus = this.empty.contains(document.activeElement);
        this.scroller.keep();
        setText(this.count, failure ? "" : this.listing instanceof Reach && count > 0 ? words.browse.places :
            words.browse.count(count, complete));
        show(this.empty, Boolean(failure) || (complete && count === 0));
        if (failure)
            this.empty.replaceChildren(...faultOf(failure), failure.kind === "no-store" ?
                button(words.browse.toStores, { onclick: () => router.go({ view: "stores" }) }) :
                button(words.browse.retry, { onclick: () => this.listing.retry().catch(() => {}) }));
        else
            setText(this.empty, this.#nothing());
        if (hadFocus)
            (this.empty.querySelector("button") ?? this.scroller.element).focus();
    }

    #nothing() {
        if (!isPrefix(this.place.prefix + this.place.find))
            return words.browse.tooLong;
        if (this.listing instanceof Reach)
            return this.byKey.isOfUse ? words.browse.mayNotList : words.browse.mayNothing;
        if (this.place.find)
            return words.browse.nothingFound;
        return this.place.prefix ? words.browse.nothingHere : words.browse.nothing;
    }

    #enter(entry) {
        if (entry.folder)
            router.go({ ...this.place, prefix: entry.key.bytes, find: "", open: null });
        else if (entry.key.id === this.place.open)
            this.#renew().catch(complain);
        else
            router.go({ ...this.place, open: entry.key.id });
    }

    #crumbs() {
        const { store, prefix } = this.place;
        const link = (text, to, last) => make("a",
            { href: router.format({ view: "objects", store, prefix: to, flat: this.place.flat }),
            "aria-current": last ? "page" : null, ...(text.length > CRUMB && { title: text }) },
        tell(text, CRUMB));
        const parts = crumbs(prefix), hadFocus = this.path.contains(document.activeElement);
        this.path.replaceChildren(make("ol", {}, make("li", {}, link(words.browse.top, "", parts.length === 0)),
            ...parts.map((part, index) => make("li", {},
                link(write(part.name) || words.browse.unnamed, part.prefix, index === parts.length - 1)))));
        if (hadFocus)
            this.path.querySelector("[aria-current]").focus();
    }

    // ---- tools -----------------------------------------------------------------------------------

    #tools() {
        this.finder = new Finder(() => this.#find(), () => this.scroller.element.focus());
        this.folders = button(words.browse.folders, { icon: "folder", kind: "toggle",
            onclick: () => router.go({ ...this.place, flat: !this.place.flat, open: null }) });
        this.tar = button(words.browse.archive, { icon: "archive", onclick: () => this.#archive().catch(complain) });
        this.uploads = uploadButtons(() => this.#target());
        this.byKey = new ByKey(this.place.store, (bytes) => router.go({ ...this.place, open: `/${bytes}` }));
        const refresh = button(words.browse.refresh, { icon: "refresh", kind: "bare", onclick: () => {
            doubt();
            this.#again();
        } });
        return make("div", { class: "tools" }, this.path, this.finder.element, this.folders, refresh, this.tar,
            this.uploads, this.count, this.byKey.element);
    }

    #find() {
        router.go({ ...this.place, find: this.finder.bytes, open: null }, { replace: true });
    }

    #archive() {
        const { store, prefix } = this.place, name = prefix ? new Key(prefix).name : store;
        return saveArchive(store, prefix, nameOfFile(name, ".tar"));
    }

    // Where files go that are dropped here; null where one may not.
    #target() {
        const { store, prefix } = this.place;
        return may("write", store, prefix) ? { store, prefix } : null;
    }

    // ---- what is chosen --------------------------------------------------------------------------

    #select(index, event) {
        const entry = this.listing.entry(index);
        if (!entry)
            return;
        if (event.shiftKey && this.anchor)
            this.#range(this.anchor, entry);
        else
            this.selection.toggle(entry);
        this.anchor = entry;
    }

    // From one to another, which may be far apart, or all.
    #range(...ends) {
        this.selection.add(this.listing.between(...ends)).catch(complain);
    }

    #toggleAll() {
        if (this.selection.size > 0)
            this.selection.clear();
        else
            this.#range();
    }

    #chosen() {
        this.chosen?.show();
        this.all.checked = this.selection.size > 0;
        this.scroller.draw();
    }

    #key(event) {
        const { place } = this;
        if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            this.#range();
        } else if (event.key === "Escape") {
            if (this.selection.size > 0)
                event.preventDefault();
            this.selection.clear();
        } else if (event.key === "Backspace" || (event.key === "ArrowUp" && event.altKey)) {
            event.preventDefault();
            if (place.prefix)
                router.go({ ...place, prefix: crumbs(place.prefix).at(-2)?.prefix ?? "", find: "", open: null });
        } else if (event.key === "Delete") {
            this.chosen.remove();
        } else if (event.key === "/") {
            event.preventDefault();
            this.finder.input.focus();
        }
    }

    // ---- one object ------------------------------------------------------------------------------

    async #open(id) {
        if (id === (this.panel?.entry.key.id ?? null))
            return;
        this.panel?.close();
        this.panel = null;
        this.element.classList.toggle("besides", id !== null);
        this.scroller.draw();
        if (id === null)
            return;
        const entry = await entryOf(this.place.store, id).catch((error) => error);
        if (id !== this.place.open)
            return;
        if (entry === null || entry instanceof Error) {
            complain(entry ?? new Error(words.object.gone));
            this.#shut(id);
            return;
        }
        this.panel = new ObjectPanel(this.place.store, entry, { close: () => this.#shut(id),
            removed: () => this.#gone(id), moved: (target, how) => this.#moved(id, target, how),
            undone: () => this.#again() });
        this.beside.replaceChildren(this.panel.element);
        this.panel.heading.focus();
    }

    // What is open may have been put anew, also with the same bytes, or be gone.
    async #renew(isOwn = false) {
        const { panel } = this;
        if (!panel)
            return;
        const entry = await entryOf(this.place.store, panel.entry.key.id);
        if (panel !== this.panel || this.hasEnded)
            return;
        if (entry === null) {
            this.#shut(panel.entry.key.id);
            if (!isOwn)
                say(words.object.gone);
        } else if (["etag", "modified"].some((name) => entry[name] !== panel.entry[name])) {
            panel.renew(entry);
        }
    }

    // Opens another one in its place, or none; unless somebody is elsewhere by now.
    #turn(id, open) {
        const here = router.here();
        if (here.store === this.place.store && here.open === id)
            router.go({ ...here, open }, { replace: true });
    }

    // What had the focus in it leaves it to the list.
    #shut(id) {
        this.#turn(id, null);
        if (document.activeElement === document.body)
            this.scroller.element.focus();
    }

    #gone(id) {
        this.#shut(id);
        this.#again();
    }

    #moved(id, { store, key }, how) {
        if (how === "move")
            this.#turn(id, store === this.place.store ? key.id : null);
        this.#again();
    }
}
