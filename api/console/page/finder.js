// finder.js - the field in which one types what keys begin with.

import { VERBATIM, icon, make } from "./dom.js";
import { read, write } from "./key.js";
import { words } from "./words.js";

const TYPING = 300; // milliseconds after which somebody has typed enough to be answered

export class Finder {
    #timer = null;

    // found() comes when another prefix stands there, down() when somebody wants to go on to what was found.
    constructor(found, down = () => {}) {
        this.input = make("input", { type: "search", "aria-label": words.browse.find, placeholder: words.browse.find,
            ...VERBATIM, onkeydown: (event) => event.key === "ArrowDown" && down(), oninput: () => {
                this.close();
                this.#timer = setTimeout(found, TYPING);
            } });
        this.element = make("div", { class: "searching" }, icon("search"), this.input);
    }

    close() {
        clearTimeout(this.#timer);
    }

    get bytes() {
        return read(this.input.value);
    }

    // Not while somebody types.
    set bytes(prefix) {
        if (document.activeElement !== this.input)
            this.input.value = write(prefix);
    }
}
