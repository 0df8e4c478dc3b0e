// choice.js - the field by which a store is chosen, of those that may be written to.

import { may, maySomewhere } from "./session.js";
import { stores } from "./store.js";
import { words } from "./words.js";

export async function storeChoice(how, store) {
    const { stores: known } = await stores(null);
    const names = known.map(({ name }) => name).filter((name) => maySomewhere("write", name));
    const value = names.includes(store) && may("write", store) ? store : names[0] ?? "";
    return { name: "store", label: words[how].store, type: "select", value,
        options: names.map((name) => [name, name]) };
}
