// fault.js - what went wrong, to be seen: a sentence, and what the server has said of it, for who wants to know. Where
// another server has what was asked for, a way to its console.

import { make } from "./dom.js";
import * as router from "./router.js";
import { spell } from "./spelling.js";
import { words } from "./words.js";

// The same place at another server, or its store where one is elsewhere here. It asks for a token of its own.
function linkTo(at) {
    const store = at.pathname.split("/").pop(), here = router.here(), page = new URL("../../console/", at);
    page.hash = router.format(here.store === store ? here : { view: "objects", store });
    return make("a", { class: "there", href: page.href }, words.fault.there(at.host));
}

const isOfTheWeb = ({ protocol }) => protocol === "http:" || protocol === "https:";

// What is the page's own has no name of its own: what else went wrong the browser tells in its words.
export const sentenceOf = ({ name, message }) => name === "Error" ? message : words.fault.unknown;

// The children of an element that tells it.
export function faultOf(error) {
    const { detail = null, at = null } = error, message = sentenceOf(error);
    if (at !== null && isOfTheWeb(new URL(at)))
        return [make("span", {}, message), " ", linkTo(new URL(at))];
    return detail === null ? [message] : [make("span", {}, message),
        make("details", { class: "detail" }, make("summary", {}, words.fault.detail), make("p", {}, spell(detail)))];
}
