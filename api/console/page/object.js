// object.js - one object beside the list: its preview, what is kept with it, and what can be done with it.

import { ask } from "./dialog.js";
import { button, make } from "./dom.js";
import { copyText, curlLine, isByHash, saveObject } from "./download.js";
import * as format from "./format.js";
import { Key, isHash, isKey, read, textOfBytes } from "./key.js";
import { complain, say } from "./notice.js";
import { preview } from "./preview.js";
import { Away, moment, url } from "./server.js";
import { isSignedIn, may, mayAnywhere, signsLinks } from "./session.js";
import { attributes, etagOf, holds, link, look, objects, removeObject, transfer } from "./store.js";
import { judge, storeChoice } from "./choice.js";
import { faultOf } from "./fault.js";
import { isolate, spell, tell } from "./spelling.js";
import { words } from "./words.js";

const KEPT = ["Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires",
    "Cairn-Expires"];
const SPANS = [3600, 86400, 7 * 86400, 30 * 86400];

// A header's bytes come as characters, one each; where they are UTF-8 they are shown so.
const textOf = (value) => textOfBytes(value) ?? value;

// What is not known is left out.
function fact(name, value) {
    return value === null ? [] : [make("dt", {}, name), make("dd", {}, value)];
}

// ---- actions ---------------------------------------------------------------------------------------

// Into the clipboard, or, where a browser has none, to be copied by hand.
async function offer(text, title, said) {
    if (await copyText(text).catch(() => false))
        say(said);
    else
        await ask({ title, fields: [{ name: "text", label: words.object.byHand, value: text, readonly: true }],
            cancel: words.dialog.close, wide: true });
}

async function shareLink(store, key) {
    const signed = await ask({ title: words.link.title(tell(key.name)), text: words.link.text, submit: words.link.make,
        fields: [{ name: "seconds", label: words.link.span, type: "select", value: SPANS[0],
                   options: SPANS.map((seconds) => [seconds, words.link.spans[seconds]]) }],
        work: async ({ seconds }, { signal }) => {
            const made = await link(store, key, Number(seconds));
            signal.throwIfAborted(); // nobody wants it any more
            return made;
        } });
    if (signed === null)
        return;
    const target = url(key.path(store));
    target.search = signed.query;
    await offer(target.href, words.link.title(tell(key.name)), words.link.copied(format.date(signed.expires * 1000)));
}

// Whether the object has come there since, and after a move is no more where it was: the answer may have been lost.
const hasCome = async (how, store, { key, etag }, to, began) =>
    (how === "copy" || await look(store, key) === null) && holds(to, etag, began);

const TOO_LATE = [404, 409, 412]; // for what is done already

// Another key or another store: by a move, or by a copy, which leaves the object where it is.
// etag: of the object that is moved, and no other one that has taken its place.
export async function relocate(how, store, { key, etag }) {
    const label = words[how];
    let isLost = false, began = null;
    return ask({ title: label.title(tell(key.name)), submit: label.submit, wide: true,
        fields: [storeChoice(how, store),
                 { name: "key", label: words.object.key, value: key.bytes === null ? "" : key.shown,
                     hint: words.object.keyHint },
                 { name: "overwrite", label: words.object.overwrite, type: "check", hidden: true,
                     fleeting: true }],
        work: async ({ store: to, key: written, overwrite }, { reveal }) => {
            const target = { store: to.trim(), key: new Key(read(written)) };
            if (!isKey(target.key.bytes))
                throw new Error(words.object.noKey);
            judge(target.store, target.key);
            began = isLost ? began : moment();
            try {
                await transfer(how, store, key, target, { overwrite, etag });
            } catch (error) {
                isLost ||= error instanceof Away;
                if (!(isLost || TOO_LATE.includes(error.status)) ||
                    !await hasCome(how, store, { key, etag }, target, began).catch(() => false)) {
                    if (error.kind === "target-exists")
                        reveal("overwrite");
                    throw error;
                }
            }
            say(label.done(tell(target.key.shown), target.store === store ? null : target.store));
            return target;
        } });
}

async function remove(store, { key, etag }) {
    return ask({ title: words.remove.one(tell(key.name)), text: words.remove.forGood, submit: words.remove.submit,
        kind: "danger",
        work: async () => {
            const wasThere = await removeObject(store, key, etag);
            say(wasThere ? words.remove.done(1) : words.object.gone);
            return true;
        } });
}

// ---- the panel -------------------------------------------------------------------------------------

export class ObjectPanel {
    #abort = new AbortController();
    #free = () => {};

    // moved(target) and removed() are called when the object is elsewhere or gone; undone() when it is not after all:
    // it may be another one by now.
    constructor(store, entry, { close, moved, removed, undone }) {
        Object.assign(this, { store, entry, moved, removed, undone });
        this.heading = make("h2", { tabindex: -1 }, tell(entry.key.name));
        this.place = this.#newPlace();
        this.facts = make("dl", { class: "facts" });
        this.element = make("aside", { class: "panel", "aria-label": words.object.panel,
            onkeydown: (event) => {
                if (event.key !== "Escape")
                    return;
                event.preventDefault();
                close();
            } },
        make("header", {}, this.heading, button(words.object.close, { icon: "close", kind: "bare", onclick: close })),
        this.#actions(), this.place, this.facts);
        this.#load();
    }

    close() {
        this.#abort.abort();
        this.#free();
        this.element.remove();
    }

    // The key has another content by now. What can be done with it stays where it is, and keeps the focus.
    renew(entry) {
        this.#abort.abort();
        this.#free();
        this.#free = () => {};
        this.#abort = new AbortController();
        this.entry = entry;
        const place = this.#newPlace(), hadFocus = this.place.contains(document.activeElement);
        this.place.replaceWith(place);
        this.place = place;
        if (hadFocus)
            place.focus();
        this.#load();
    }

    // Of its preview. What is pressed in it may go, and leaves it the focus.
    #newPlace() {
        return make("div", { class: "preview", tabindex: -1 });
    }

    #actions() {
        const { store, entry: { key } } = this, can = (right) => may(right, store, key.bytes);
        const writes = mayAnywhere("write");
        const act = (label, name, work, kind = "") => button(label,
            { icon: name, kind, onclick: () => work().catch(complain) });
        const relocated = async (how) => {
            const target = await relocate(how, store, this.entry);
            if (target === null)
                this.undone();
            else
                this.moved(target, how);
        };
        return make("div", { class: "actions", role: "group", "aria-label": words.object.actions },
            can("read") && act(words.object.download, "download", () => saveObject(store, key)),
            can("read") && signsLinks() && !isByHash(key) &&
                act(words.object.link, "link", () => shareLink(store, key)),
            can("read") && act(words.object.curl, "terminal", async () => {
                await attributes(store, key); // of what is gone there is none
                await offer(curlLine(store, key), words.object.curl, words.object.curlCopied(isSignedIn()));
            }),
            can("read") && can("delete") && writes && act(words.object.rename, "rename", () => relocated("move")),
            can("read") && writes && act(words.object.copy, "copy", () => relocated("copy")),
            can("delete") && act(words.object.remove, "trash",
                async () => await remove(store, this.entry) ? this.removed() : this.undone(),
                "danger-text"));
    }

    #load() {
        this.#tell(null);
        if (may("read", this.store, this.entry.key.bytes))
            this.#look(this.place).catch((error) =>
                error.name !== "AbortError" && this.place.replaceChildren(...faultOf(error)));
        else
            this.place.textContent = words.preview.forbidden;
    }

    async #look(place) {
        const { store, entry } = this, { signal } = this.#abort;
        place.textContent = words.preview.loading;
        const headers = await attributes(store, entry.key, signal);
        this.#tell(headers);
        const free = await preview({ store, key: entry.key, size: entry.size, type: entry.type, signal,
            coded: headers.has("Content-Encoding") }, place);
        if (signal.aborted)
            free();
        else
            this.#free = free;
    }

    #tell(headers) {
        const { key, size, type, modified, etag } = this.entry, facts = words.object.facts;
        const lines = [fact(facts.key, isolate(key.shown)),
            fact(facts.size, size === null ? null :
                `${format.bytes(size)}${size >= 1024 ? ` (${format.number(size)})` : ""}`),
            fact(facts.type, type && spell(type)), fact(facts.modified, modified && format.date(modified)),
            fact(facts.etag, etag && etag.replaceAll("\"", "")), fact(facts.hash, key.hash)];
        for (const name of headers ? KEPT : [])
            if (headers.has(name) && !(name === "Cache-Control" && headers.get(name) === "no-cache"))
                lines.push(fact(name, spell(textOf(headers.get(name)))));
        for (const [name, value] of headers ?? [])
            if (name.startsWith("cairn-meta-"))
                lines.push(fact(name.slice("cairn-meta-".length), spell(textOf(value))));
        this.facts.replaceChildren(...lines.flat());
    }
}

// What is known of an object that may not be on the page: where a link into the console leads to. null: there is none.
export async function entryOf(store, id) {
    const bytes = id.startsWith("/") ? id.slice(1) : null;
    if (bytes === null ? !(id.startsWith("#") && isHash(id.slice(1))) : !isKey(bytes))
        return null; // it comes into paths: "../.." would ask for something else
    if (bytes === null || !may("list", store, bytes))
        return entryOfOne(store, bytes === null ? new Key(null, id.slice(1)) : new Key(bytes));
    const { entries: [first] } = await objects(store, { prefix: bytes, flat: true, limit: 1 });
    return first?.key.bytes === bytes ? first : null; // of all keys that begin with it, it is the first one
}

// Without a listing. Who may delete and not read is shown the key. A proxy that packs what it passes on tells no length,
// and makes the ETag a weak one.
async function entryOfOne(store, key) {
    if (!may("read", store, key.bytes) && may("delete", store, key.bytes))
        return { key, size: null, etag: null, type: null, modified: null };
    const answer = await look(store, key), field = (name) => answer.headers.get(name);
    return answer && { key, size: field("Content-Length") && Number(field("Content-Length")),
                       etag: etagOf(answer), type: textOf(field("Content-Type") ?? ""),
                       modified: field("Last-Modified") };
}
