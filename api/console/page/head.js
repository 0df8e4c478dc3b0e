// head.js - the head of a store's pages: its name, the views of it, and what may be done with the store itself.

import { ask } from "./dialog.js";
import { button, make } from "./dom.js";
import * as format from "./format.js";
import { complain, say } from "./notice.js";
import { reachOf } from "./reach.js";
import * as router from "./router.js";
import { may, maySeeFigures, maySomewhere } from "./session.js";
import { figures, limit, remove } from "./store.js";
import { words } from "./words.js";

function readLimit(text, parse) {
    if (text.trim() === "")
        return null;
    const value = parse(text.trim());
    if (!Number.isSafeInteger(value))
        throw new Error(words.limits.malformed(text));
    return value;
}

async function changeLimits(store) {
    const { limits } = await figures(store);
    const done = await ask({ title: words.limits.title(store), text: words.limits.text, submit: words.limits.submit,
        fields: [{ name: "bytes", label: words.limits.bytes, value: limits.bytes === null ? "" : String(limits.bytes),
            hint: words.limits.bytesHint },
            { name: "objects", label: words.limits.objects,
                value: limits.objects === null ? "" : String(limits.objects) }],
        work: ({ bytes, objects }) => limit(store,
            { bytes: readLimit(bytes, format.readBytes), objects: readLimit(objects, format.readNumber) }) });
    if (done !== null)
        say(words.limits.done(store));
}

// Nothing goes but what was said: the server compares. Where it holds anything else by now, that is said anew.
async function removeStore(store) {
    let said = await figures(store);
    const holds = () => words.store.holds(said.objects, format.bytes(said.live_bytes), said.unfinished_uploads,
        format.bytes(said.unfinished_bytes));
    const done = await ask({ title: words.store.remove(store), kind: "danger", submit: words.remove.submit,
        text: [holds(), words.remove.forGood],
        fields: [{ name: "name", label: words.store.confirm(store) }],
        work: async ({ name }) => {
            if (name !== store)
                throw new Error(words.store.other(store));
            return remove(store, said.etag).catch(async (error) => {
                if (error.kind !== "precondition-failed")
                    throw error;
                said = await figures(store);
                throw new Error(words.store.changed(holds()));
            });
        } });
    if (done === null)
        return;
    say(words.store.removed(store));
    router.go({ view: "stores" });
}

export function storeHead(store, view) {
    const tab = (name) => make("a", { href: router.format({ view: name, store }),
        "aria-current": name === view ? "page" : null }, words.views[name]);
    return make("header", { class: "store-head" }, make("h1", { tabindex: -1 }, store),
        make("nav", { class: "tabs", "aria-label": words.store.views(store) },
            reachOf(store).length > 0 && tab("objects"), maySomewhere("list", store) && tab("changes"),
            maySeeFigures(store) && tab("live")),
        may("admin", store) && make("div", { class: "actions" },
            button(words.limits.button, { icon: "limits", onclick: () => changeLimits(store).catch(complain) }),
            button(words.store.removeButton, { icon: "trash", kind: "danger-text",
                onclick: () => removeStore(store).catch(complain) })));
}
