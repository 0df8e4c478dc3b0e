// chosen.js - the line that tells how many entries of a list are selected, and what is done with all of them at once.

import { storeChoice } from "./choice.js";
import { Copying } from "./copying.js";
import { ask } from "./dialog.js";
import { button, make, setText, show } from "./dom.js";
import * as format from "./format.js";
import { read, write } from "./key.js";
import { complain, say } from "./notice.js";
import { TooMany, gather, removeEntries } from "./select.js";
import { Away } from "./server.js";
import { may, mayAnywhere } from "./session.js";
import { tell as tellKey } from "./spelling.js";
import { BATCH } from "./store.js";
import { words } from "./words.js";

// A folder has a slash at its end, but for the one that is shown: it may be a part of a name.
const folderOf = (bytes, shown) => /(^|\/)$/.test(bytes) || bytes === shown ? bytes : `${bytes}/`;

export class Chosen {
    // place(): where the list is; again(): it is read once more; left(): nothing is selected any more.
    constructor(selection, { place, again, left }) {
        Object.assign(this, { selection, place, again, left });
        this.told = make("p", { role: "status" });
        this.copyAll = button(words.browse.copyChosen, { icon: "copy", onclick: () => this.copy() });
        this.removeAll = button(words.browse.removeChosen,
            { icon: "trash", kind: "danger-text", onclick: () => this.remove() });
        this.element = make("div", { class: "chosen", role: "group", "aria-label": words.browse.chosen }, this.told,
            this.copyAll, this.removeAll, button(words.browse.clear, { onclick: () => this.#clear() }));
        this.show();
    }

    show() {
        const { size, bytes } = this.selection;
        show(this.element, size > 0);
        show(this.copyAll, this.#may("read") && mayAnywhere("write"));
        show(this.removeAll, this.#may("delete"));
        setText(this.told, size > 0 ? words.browse.chosenCount(size, bytes === null ? null : format.bytes(bytes)) : "");
    }

    // With all that is selected; what is in a folder has to be listed for it.
    #may(right) {
        const { store, prefix } = this.place();
        return may(right, store, prefix) || this.selection.entries.every(({ key: { bytes }, folder }) =>
            may(right, store, bytes) && (!folder || may("list", store, bytes)));
    }

    #clear() {
        this.selection.clear();
        this.left();
    }

    remove() {
        if (this.selection.size > 0 && this.#may("delete"))
            this.#remove().catch(complain);
    }

    copy() {
        this.#copy().catch(complain);
    }

    async #remove() {
        const { entries } = this.selection, { store } = this.place();
        const several = entries.length > BATCH || entries.some((entry) => entry.folder);
        const title = entries.length > 1 ? words.remove.several(entries.length) :
            words.remove.one(tellKey(entries[0].key.shown));
        let gone = 0, all = 0, split = false, wasCut = false;
        const done = await ask({ title, kind: "danger", submit: words.remove.submit,
            text: [several ? words.remove.batches : words.remove.oneBatch, words.remove.forGood],
            work: (_, { signal, say: tell }) => removeEntries(store, entries, { signal, split, told: (...counts) => {
                [gone, all] = counts;
                tell(words.remove.progress(gone, all));
            } }).catch((error) => {
                split ||= error instanceof TooMany;
                wasCut ||= gone > 0 || error instanceof Away; // how many it took is not known any more
                throw error;
            }) });
        if (done === null && gone === 0)
            return;
        if (done === null)
            say(words.remove.stopped(gone, all));
        else
            say(words.remove.ended(done.count, done.whole && !wasCut, done.stay.map(({ shown }) => tellKey(shown))));
        this.again();
        this.#clear();
    }

    async #copy() {
        const { entries } = this.selection, { store, prefix } = this.place();
        let copying = null;
        const done = await ask({ title: words.copy.several(entries.length), submit: words.copy.submit, wide: true,
            fields: [storeChoice("copy", store),
                { name: "prefix", label: words.copy.prefix, value: write(prefix), hint: words.copy.prefixHint }],
            work: async ({ store: to, prefix: written }, { signal, say: tell }) => {
                const target = { store: to.trim(), prefix: folderOf(read(written), prefix) };
                if (!copying?.isTo(target))
                    copying = new Copying(store, await gather(store, entries, signal), prefix, target);
                await copying.run({ signal, told: () => tell(words.copy.progress(copying.done, copying.all)) });
                return true;
            } });
        if (done === null && !copying?.done)
            return;
        const { target } = copying;
        say(done === null ? words.copy.stopped(copying.done, copying.all) :
            words.copy.ended(copying.done, copying.skipped, tellKey(write(target.prefix)), target.store));
        this.again();
        if (done !== null)
            this.#clear();
    }
}
