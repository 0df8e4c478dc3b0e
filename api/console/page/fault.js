// fault.js - what went wrong, to be seen: a sentence, and what the server has said of it, for who wants to know.

import { make } from "./dom.js";
import { spell } from "./spelling.js";
import { words } from "./words.js";

// The children of an element that tells it.
export function faultOf({ message, detail = null }) {
    return detail === null ? [message] : [make("span", {}, message),
        make("details", { class: "detail" }, make("summary", {}, words.fault.detail), make("p", {}, spell(detail)))];
}
