// router.js - the place in the page, which stands behind the # of its address:
//
//     #/stores          #/live          #/store/NAME/objects/PREFIX?find=…&open=…&flat
//                                       #/store/NAME/changes         #/store/NAME/live
//
// Keys in it are bytes, percent-encoded: a place can be kept, sent to somebody, and gone back to.

import { percentDecode, percentEncode } from "./key.js";
import { isStoreName } from "./store.js";

const KEPT = /[A-Za-z0-9_.~/-]/;

export function parse(hash) {
    const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
    const [view, store, part, ...rest] = path.split("/");
    if (view === "live")
        return { view: "live", store: null };
    if (view !== "store" || !isStoreName(store ?? "")) // it comes into paths: "..\.." would ask for other ones
        return { view: "stores" };
    if (part === "changes" || part === "live")
        return { view: part, store };
    const more = Object.fromEntries(query.split("&").map((pair) => pair.split("=").map(percentDecode)));
    return { view: "objects", store, prefix: percentDecode(rest.join("/")), find: more.find ?? "",
             open: more.open ?? null, flat: "flat" in more };
}

export function format(place) {
    if (!place.store)
        return `#/${place.view}`;
    if (place.view !== "objects")
        return `#/store/${place.store}/${place.view}`;
    const more = [];
    if (place.find)
        more.push(`find=${percentEncode(place.find, KEPT)}`);
    if (place.flat)
        more.push("flat");
    if (place.open)
        more.push(`open=${percentEncode(place.open, KEPT)}`);
    const query = more.length > 0 ? `?${more.join("&")}` : "";
    return `#/store/${place.store}/objects/${percentEncode(place.prefix ?? "", KEPT)}${query}`;
}

export const here = () => parse(location.hash);

// Goes there; what only narrows down what is seen takes the place of where one was.
export function go(place, { replace = false } = {}) {
    const hash = format(place);
    if (hash === location.hash)
        return;
    if (!replace) {
        location.hash = hash;
        return;
    }
    history.replaceState(null, "", hash);
    dispatchEvent(new HashChangeEvent("hashchange"));
}

export function follow(arrive) {
    addEventListener("hashchange", () => arrive(here()));
    arrive(here());
}
