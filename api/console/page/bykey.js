// bykey.js - the way to an object whose key one knows, for who may not list what is there: to open it, or to upload a
// file as it.

import { VERBATIM, button, make, show } from "./dom.js";
import { bytesOfText, isDots, isKey, read, write } from "./key.js";
import { complain } from "./notice.js";
import { may, maySomewhere } from "./session.js";
import { uploads } from "./upload.js";
import { words } from "./words.js";

let forms = 0;

export class ByKey {
    // open(bytes) shows the object of that key.
    constructor(store, open) {
        Object.assign(this, { store, open });
        const id = `by-key-${++forms}`;
        this.input = make("input", { id, type: "text", ...VERBATIM });
        this.file = make("input", { type: "file", hidden: true, "aria-label": words.byKey.upload,
            onchange: () => this.#upload() });
        const opens = maySomewhere("read", store) || maySomewhere("delete", store);
        const writes = maySomewhere("write", store);
        this.element = make("form", { class: "by-key", "aria-label": words.byKey.form,
            onsubmit: (event) => {
                event.preventDefault();
                this.#try(() => opens ? this.#open() : this.#choose());
            } },
        make("label", { for: id }, words.byKey.key), this.input, this.file,
        opens && make("button", { type: "submit" }, words.byKey.open),
        writes && button(words.byKey.upload, { icon: "upload", onclick: () => this.#try(() => this.#choose()) }));
        this.isOfUse = opens || writes;
    }

    // Below that prefix, where one may not list.
    show(shown, prefix) {
        show(this.element, shown && this.isOfUse);
        this.input.value = write(prefix);
    }

    #try(work) {
        try {
            work();
        } catch (error) {
            complain(error);
        }
    }

    get #bytes() {
        const bytes = read(this.input.value);
        if (!isKey(bytes))
            throw new Error(words.object.noKey);
        if (isDots(bytes))
            throw new Error(words.byKey.dots);
        return bytes;
    }

    #open() {
        const bytes = this.#bytes;
        if (!may("read", this.store, bytes) && !may("delete", this.store, bytes))
            throw new Error(words.byKey.unreachable);
        this.open(bytes);
    }

    // For a key that is a folder the file's own name comes behind it.
    #choose() {
        this.bytes = this.#bytes;
        if (!may("write", this.store, this.bytes))
            throw new Error(words.byKey.unwritable);
        this.file.click();
    }

    #upload() {
        const [file] = this.file.files, behind = this.bytes.endsWith("/") ? bytesOfText(file.name) : "";
        const path = this.bytes + behind;
        uploads.put({ store: this.store, prefix: "" }, [{ file, path }]);
        this.file.value = "";
    }
}
