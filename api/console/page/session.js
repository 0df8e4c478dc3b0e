// session.js - who looks at the page: the token, which lives as long as its tab, and what it lets them do.

import * as server from "./server.js";

const PLACE = "cairn-token";
let access = { name: null, grants: [] };
let whenRefused = () => {}, whenForbidden = () => {};

function use(token) {
    server.showToken(token, () => whenRefused(), () => whenForbidden());
}

// Begins with what this tab has kept. `refused` is called each time the server wants a token, or another one,
// `forbidden` when the token may not do what was asked.
export function begin(refused, forbidden) {
    [whenRefused, whenForbidden] = [refused, forbidden];
    use(sessionStorage.getItem(PLACE));
}

// Asks what the token allows. False where the server knows nobody by it.
export async function enter(options) {
    try {
        access = await server.askJson("GET", "v1/access", options);
        return true;
    } catch (error) {
        if (error instanceof server.Refusal && error.status === 401)
            return false;
        throw error;
    }
}

// Somebody looks once more: what the token may do may be something else by now.
export const doubt = () => whenForbidden();

// Whether the token allows something else by now.
export async function renew() {
    const before = JSON.stringify(access);
    return await enter() && JSON.stringify(access) !== before;
}

// The token is put to use once it is known to be good: until then all goes on with the one before.
export async function signIn(token, signal) {
    const isSayable = /^[\x21-\x7e]+$/.test(token); // in a header
    if (!isSayable || !await enter({ headers: { Authorization: `Bearer ${token}` }, signal }))
        return false;
    use(token);
    sessionStorage.setItem(PLACE, token);
    return true;
}

export function signOut() {
    sessionStorage.removeItem(PLACE);
    use(null);
    access = { name: null, grants: [] };
}

export const who = () => access.name;
export const signsLinks = () => access.signs_links !== false;
export const isSignedIn = () => server.hasToken();

// Without access control there is nobody to be.
export const isOpen = () => access.open === true;

// ---- rights ----------------------------------------------------------------------------------------

function names(pattern, store) {
    if (!pattern.includes("*"))
        return pattern === store;
    return new RegExp(`^${pattern.split("*").map((part) => part.replace(/[.]/g, "\\.")).join(".*")}$`).test(store);
}

const prefixOf = (grant) => grant.prefix_base64 ? atob(grant.prefix_base64) :
    Array.from(new TextEncoder().encode(grant.prefix ?? ""), (byte) => String.fromCharCode(byte)).join("");

const grantsOf = (right, store) =>
    access.grants.filter((grant) => grant.rights.includes(right) &&
        grant.stores.some((pattern) => names(pattern, store)));

// Whether all keys that begin with these bytes may be treated so; without bytes the whole store.
export const may = (right, store, bytes = "") => grantsOf(right,
    store).some((grant) => (bytes ?? "").startsWith(prefixOf(grant)));

// Whether that is so anywhere in the store.
export const maySomewhere = (right, store) => grantsOf(right, store).length > 0;

// Whether that is so in any store.
export const mayAnywhere = (right) => access.grants.some((grant) => grant.rights.includes(right));

// Where in a store: the prefixes of those that are let in below some only.
export const prefixesOf = (right, store) => [...new Set(grantsOf(right, store).map(prefixOf))];

// Figures are for whoever may do any of these with the whole store.
export const maySeeFigures = (store) => ["read", "list", "admin"].some((right) => may(right, store));

// Whether a store could be made that is none of these.
export const mayMakeStores = (names) => access.grants.some((grant) => grant.rights.includes("admin") &&
    !prefixOf(grant) && grant.stores.some((pattern) => pattern.includes("*") || !names.includes(pattern)));

// The figures of the whole server are for who may see all of it.
export const maySeeServer = () =>
    access.grants.some((grant) => grant.rights.includes("admin") && grant.stores.includes("*") && !prefixOf(grant));
