// Scenes of rows that are selected, of what is done with them while others change them, and of an object that is open
// meanwhile.

import { join } from "node:path";
import { guarded, offered } from "./entering.mjs";
import { ask, batch, list, put } from "./stage.mjs";
import { Visitor } from "./visitor.mjs";

const text = (server, path) => ask(server, "GET", `/v1/stores/photos/objects/${path}`);
const keysBelow = async (server, prefix) => (await list(server, "photos", `prefix=${prefix}`))
    .map(({ key }) => key.slice(prefix.length)).join();
const clear = async (server, prefix) => batch(server, "photos", (await list(server, "photos", `prefix=${prefix}`))
    .map(({ key }) => ({ op: "delete", key })));

const FAR = 26000;

// More rows than a listing keeps: all of them from the first to the last, also while they are read anew.
export async function far({ checks, browser, server }) {
    await ask(server, "PUT", "/v1/stores/far");
    for (let from = 0; from < FAR; from += 6500)
        await batch(server, "far", Array.from({ length: 6500 }, (_, i) =>
            ({ op: "put", key: String(from + i).padStart(5, "0"), data: "eA==" })));
    const v = await Visitor.arrive(browser, server);
    const found = await v.page.evaluate(async () => {
        const { Listing } = await import(new URL("listing.js", document.baseURI));
        const listing = new Listing("far", {}, () => {}), read = async (...ends) => {
            const found = [];
            for await (const lot of listing.between(...ends))
                found.push(...lot);
            return found;
        };
        const lots = [await read()], isGone = listing.entry(1500) === undefined;
        lots.push((await Promise.all([read(), listing.renew(0), listing.renew(25000)]))[0]);
        listing.entry(0);
        const ends = await Promise.all([listing.at(25999), listing.at(999), listing.at(1500)]);
        const [, from] = ends, some = await read({ key: { id: "/01500" } }, from);
        return [lots.map((entries) => new Set(entries.map(({ key }) => key.id)).size), lots.map(({ length }) => length),
            isGone, ends.map(({ key }) => key.id).join(), some.length, listing.rowOf({ key: { id: "/01500" } })];
    });
    checks.check("rows that are far apart are all found", found[0].every((count) => count === FAR), found);
    checks.check("and none of them twice", found[1].every((count) => count === FAR), found);
    checks.check("rows are let go of, and found again", found[2] && found[3] === "/25999,/00999,/01500", found);
    checks.check("a range may begin and end where they were let go of", found[4] === 502 && found[5] === 1500, found);
    await v.leave();
    await ask(server, "DELETE", "/v1/stores/far?force=true");
}

async function removed(v, title) {
    await v.button("Delete", v.main.locator(".chosen")).click();
    const heading = await v.dialog.getByRole("heading").textContent();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    return title === undefined || heading === title || heading;
}

// What was gone and is put anew between two looks stays, and is named; and what is selected is told as it is.
export async function raced({ checks, browser, server }) {
    for (const name of ["x", "y", "z"])
        await put(server, "photos", `raced/${name}`, "old", "text/plain");
    const v = await Visitor.arrive(browser, server, { place: "#/store/photos/objects/raced/" });
    for (const name of ["x", "y", "z"])
        await v.row(name).getByRole("checkbox").click();
    await put(server, "photos", "raced/z", "longer", "text/plain");
    await v.button("Refresh").click();
    await v.row("z").getByText("6 B").waitFor();
    const told = await v.main.locator(".chosen p").textContent();
    checks.check("how much is selected is told as it is by now", told === "3 entries selected, 12\u00a0B", told);
    let batches = 0;
    await v.page.route(/\/batch$/, async (route) => {
        if (++batches === 2)
            await put(server, "photos", "raced/x", "precious", "text/plain");
        await route.continue();
    });
    await ask(server, "DELETE", "/v1/stores/photos/objects/raced/x");
    await removed(v);
    await v.told("1 object put anew meanwhile stays: raced/x.");
    checks.check("what was gone and is put anew stays", await keysBelow(server, "raced/") === "x",
        await keysBelow(server, "raced/"));
    await v.page.unroute(/\/batch$/);
    await cut({ checks, v });
    await v.row("x").getByRole("checkbox").click();
    const named = await removed(v, "Delete raced/x?");
    checks.check("a question about one names it", named === true, named);
    await v.told("1 object deleted");
    await v.leave();
}

// The answer to a deletion is lost: then nobody says how many they were.
async function cut({ checks, v }) {
    await put(v.server, "photos", "raced/d/one", "1", "text/plain");
    await v.button("Refresh").click();
    await v.row("d/").getByRole("checkbox").click();
    await v.page.route(/\/batch$/, async (route) => {
        await route.fetch();
        await route.abort();
    }, { times: 1 });
    await removed(v);
    await v.dialog.getByRole("alert").filter({ hasText: "cannot be reached" }).waitFor();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    const isHonest = await v.told("All of them are gone, and some were before").then(() => true, () => false);
    checks.check("after an answer that was lost no number is told", isHonest,
        await v.page.locator(".notice").allTextContents());
    await v.row("d/").waitFor({ state: "detached" });
}

async function copied(v, folder) {
    await v.button("Copy to…", v.main.locator(".chosen")).click();
    await v.dialog.getByRole("textbox", { name: "Into the folder" }).fill(folder);
    await v.dialog.getByRole("button", { name: "Copy" }).click();
}

const hold = async (server, contents) => {
    for (const [name, content] of Object.entries(contents))
        await put(server, "photos", `tangled/${name}`, content, "text/plain");
};
const contentsOf = async (server, names) =>
    (await Promise.all(names.map((name) => text(server, `tangled/${name}`).catch(() => "none")))).join();

// A selection that is copied to where a part of it lies: each copy is of what was selected.
export async function tangled({ checks, browser, server }) {
    await hold(server, { x: "x", y: "y", "b/x": "bx", "b/y": "by", "b/b/x": "bbx" });
    const v = await Visitor.arrive(browser, server, { place: "#/store/photos/objects/tangled/" });
    for (const name of ["b/", "x", "y"])
        await v.row(name).getByRole("checkbox").click();
    await copied(v, "tangled/b/");
    await v.dialog.last().getByRole("button", { name: "Replace" }).click();
    await v.told("5 objects copied to tangled/b/ in the store photos.");
    const down = await contentsOf(server, ["b/x", "b/y", "b/b/x", "b/b/y", "b/b/b/x"]);
    checks.check("into a folder of its own a selection is copied as it was", down === "x,y,bx,by,bbx", down);
    await v.go("#/store/photos/objects/tangled/b/");
    for (const name of ["b/", "x", "y"])
        await v.row(name).getByRole("checkbox").click();
    await copied(v, "tangled/");
    await v.dialog.last().getByRole("button", { name: "Replace" }).click();
    await v.told("5 objects copied to tangled/ in the store photos.");
    const up = await contentsOf(server, ["x", "y", "b/x", "b/y", "b/b/x"]);
    checks.check("and out of it, too", up === "x,y,bx,by,bbx", up);
    await v.go("#/store/photos/objects/tangled/");
    await v.row("x").getByRole("checkbox").click();
    await copied(v, "tangled/kept");
    await v.told("1 object copied to tangled/kept/ in the store photos.");
    checks.check("what is copied into a folder is in it", await contentsOf(server, ["kept/x", "keptx"]) === "x,none",
        await keysBelow(server, "tangled/"));
    await v.row("x").getByRole("checkbox").click();
    await v.button("Copy to…", v.main.locator(".chosen")).click();
    await v.dialog.getByRole("combobox").fill("copies");
    await v.dialog.getByRole("textbox", { name: "Into the folder" }).fill("");
    await v.dialog.getByRole("button", { name: "Copy" }).click();
    await v.told("1 object copied to the top in the store copies.");
    await v.leave();
    await ask(server, "DELETE", "/v1/stores/copies/objects/x");
    await clear(server, "tangled/");
}

// ---- an object that is open -------------------------------------------------------------------------

// One that is gone is open no more, and one that has been put anew with the same bytes is shown anew.
export async function vanished({ checks, browser, server }) {
    for (const name of ["one", "two", "three"])
        await put(server, "photos", `vanished/${name}`, name.repeat(30000), "text/plain");
    const v = await Visitor.arrive(browser, server, { place: "#/store/photos/objects/vanished/?open=/vanished/one" });
    await v.button("Show more").focus();
    await put(server, "photos", "vanished/one", "one".repeat(30000), "text/css", { "Cairn-Meta-Colour": "red" });
    await v.page.keyboard.press("Shift+F10"); // nothing of the page's own, and the focus stays
    await v.page.evaluate(() => dispatchEvent(new CustomEvent("cairn-uploaded", { detail: "photos" })));
    const isAnew = await v.panel.locator("dt", { hasText: "colour" }).waitFor({ timeout: 8000 })
        .then(() => true, () => false);
    checks.check("what has the same bytes and another type is shown anew", isAnew && await v.fact("Type") === "text/css",
        await v.fact("Type"));
    checks.check("what had the focus in it leaves it there", await v.page.evaluate(() =>
        document.activeElement.closest(".panel") !== null));
    await v.row("one").getByRole("checkbox").click();
    await removed(v);
    await v.told("1 object deleted");
    await v.panel.waitFor({ state: "detached", timeout: 8000 }).catch(() => {});
    checks.check("what one has deleted oneself is open no more", await v.panel.count() === 0 &&
        !v.page.url().includes("open="), v.page.url());
    checks.check("and nobody is told so twice", await v.page.locator(".notice").count() === 0,
        await v.page.locator(".notice").allTextContents());
    await v.row("two").click();
    await v.button("Delete", v.panel).waitFor();
    await ask(server, "DELETE", "/v1/stores/photos/objects/vanished/two");
    await v.button("Refresh").focus();
    await v.page.keyboard.press("Enter");
    const isTold = await v.page.getByText("There is no such object any more").waitFor({ timeout: 8000 })
        .then(() => true, () => false);
    checks.check("what somebody else has deleted is open no more, and one is told", isTold &&
        await v.panel.count() === 0);
    checks.check("and the focus stays where it is", await v.has(v.button("Refresh")));
    await v.go("#/store/photos/objects/vanished/");
    await lost({ checks, v });
    await elsewhere({ checks, v });
    await v.leave();
    await clear(server, "vanished/");
}

// What is told to be gone when somebody is elsewhere by then leads nobody back.
async function elsewhere({ checks, v }) {
    const look = /prefix=vanished%2Ffour&/, held = [];
    await v.page.route(look, (route) => { held.push(route); });
    await ask(v.server, "DELETE", "/v1/stores/photos/objects/vanished/four");
    await Promise.all([v.page.waitForRequest(look), v.button("Refresh").click()]);
    await v.go("#/stores");
    await v.row("photos").waitFor();
    while (held.length === 0)
        await new Promise((resolve) => setTimeout(resolve, 20)); // between two looks
    await Promise.all(held.map((route) => route.continue()));
    await v.page.waitForTimeout(500); // nothing is to come
    checks.check("who is elsewhere by then stays there", v.page.url().endsWith("#/stores"), v.page.url());
    await v.page.unroute(look);
}

// The answer to a move comes when somebody is elsewhere, and leads nobody back; and what is gone has no line of curl.
export async function away({ checks, browser, server }) {
    for (const name of ["one", "two"])
        await put(server, "photos", `away/${name}`, name, "text/plain");
    const v = await Visitor.arrive(browser, server, { place: "#/store/photos/objects/away/?open=/away/one" });
    let held = null;
    await v.page.route(/\/move$/, (route) => { held = route; });
    for (const [name, place] of [["one", "#/stores"], ["three", "#/store/photos/objects/away/?open=/away/two"]]) {
        await v.go(`#/store/photos/objects/away/?open=/away/${name}`);
        await v.panel.getByRole("heading", { name }).waitFor();
        await v.button("Rename or move").click();
        await v.dialog.getByRole("textbox", { name: "Key" }).fill(`away/${name === "one" ? "three" : "four"}`);
        await Promise.all([v.page.waitForRequest(/\/move$/), v.page.keyboard.press("Enter")]);
        await v.go(place);
        while (held === null)
            await new Promise((resolve) => setTimeout(resolve, 20)); // between two looks
        await held.continue();
        held = null;
        await v.told("Moved to away/");
        await v.page.waitForTimeout(500); // nothing is to come
        checks.check(`who is elsewhere when a move is answered stays there: ${name}`, v.page.url().endsWith(place),
            v.page.url());
    }
    await v.button("Copy as curl").waitFor();
    await ask(server, "DELETE", "/v1/stores/photos/objects/away/two");
    await v.button("Copy as curl").click();
    const isTold = await v.told("There is no such object").then(() => true, () => false);
    checks.check("what is gone has no line of curl, and one is told", isTold,
        await v.page.locator(".notice").allTextContents());
    await v.leave();
    await clear(server, "away/");
}

// The answer to a move is lost, and it has been done.
async function lost({ checks, v }) {
    await v.row("three").click();
    await v.button("Rename or move").click();
    await v.page.route(/\/move$/, async (route) => {
        await route.fetch();
        await route.abort();
    }, { times: 1 });
    await v.dialog.getByRole("textbox", { name: "Key" }).fill("vanished/four");
    await v.page.keyboard.press("Enter");
    const isTold = await v.told("Moved to vanished/four").then(() => true, () => false);
    checks.check("a move whose answer was lost has been done", isTold && await v.sees(["four"]), await v.names());
}

// A click more, for what the first one has opened, opens nothing of what lies in its place.
export async function twofold({ checks, browser, server }) {
    await put(server, "photos", "twofold/d/e/f", "1", "text/plain");
    const v = await Visitor.arrive(browser, server, { place: "#/store/photos/objects/twofold/" });
    const box = await v.row("d/").boundingBox(), { mouse } = v.page;
    await mouse.move(box.x + 200, box.y + 10);
    await mouse.down();
    await mouse.up();
    await v.row("e/").waitFor();
    await mouse.down({ clickCount: 2 });
    await mouse.up({ clickCount: 2 });
    await v.page.waitForTimeout(300); // nothing is to come
    checks.check("a double click on a folder opens that one", v.page.url().endsWith("/twofold/d/"), v.page.url());
    await mouse.click(box.x + 200, box.y + 10);
    await v.row("f").waitFor();
    await v.leave();
    await clear(server, "twofold/");
}

// What has the focus and lies beneath an object.
const beneath = (page) => page.evaluate(() => {
    const { activeElement: one } = document, { x, y, width, height } = one.getBoundingClientRect();
    const isCovered = !one.closest(".panel") && one.closest("main, .top, .uploads") &&
        document.elementFromPoint(x + width / 2, y + height / 2)?.closest(".panel");
    return isCovered ? one.outerHTML.slice(0, 80) : null;
});

// Nothing that lies beneath an object has the focus, on a telephone that stands or lies.
export async function covered({ checks, browser, server }) {
    await put(server, "photos", "covered/one", "1", "text/plain");
    const place = "#/store/photos/objects/covered/";
    for (const size of [{ width: 360, height: 640 }, { width: 640, height: 360 }]) {
        const v = await Visitor.arrive(browser, server, { size, place }), found = new Set();
        await v.row("one").click();
        await v.button("Delete", v.panel).waitFor();
        for (let i = 0; i < 30; i++) {
            await v.page.keyboard.press("Tab");
            found.add(await beneath(v.page));
        }
        found.delete(null);
        checks.check(`${size.width} wide: nothing beneath an object has the focus`, found.size === 0, [...found]);
        await v.button("Copy as curl").click();
        await v.told("The line of curl is copied");
        checks.check("what is left by what was on it goes to the object", await v.has(v.panel.getByRole("heading")),
            await v.page.evaluate(() => document.activeElement.outerHTML.slice(0, 80)));
        await v.page.keyboard.press("Escape");
        checks.check("and then the list has it", await v.has(v.grid));
        await v.leave();
    }
    await clear(server, "covered/");
}

// A proxy that packs what it passes on, and keys of which there are no links.
export async function passedOn({ checks, browser, folder }) {
    const { life, server } = await guarded(join(folder, "passed"),
        [{ name: "web", secret: "a secret of a link key, long enough" }], [["handles", ["", "read", "delete"]]]);
    const v = await Visitor.arrive(browser, server, { token: "handles" });
    await v.page.route(/\/objects\/other$/, async (route) => {
        if (route.request().method() !== "HEAD")
            return route.continue();
        const answer = await route.fetch(), { "content-length": _, etag, ...headers } = answer.headers();
        return route.fulfill({ response: answer, headers: { ...headers, etag: `W/${etag}` } });
    });
    await v.go("#/store/photos/objects/?open=/other");
    await v.button("Delete", v.panel).waitFor();
    const sizes = await v.panel.locator("dt:text-is(\"Size\")").count();
    checks.check("of what is packed on the way no size is told", sizes === 0 || await v.fact("Size") !== "0\u00a0B");
    await v.panel.getByText("There is no preview").or(v.panel.locator("pre")).waitFor();
    await v.button("Delete", v.panel).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    const isGone = await v.told("1 object deleted").then(() => true, () => false);
    checks.check("and it is deleted all the same", isGone);
    await v.leave();
    await batch(server, "photos", [{ op: "put", key: "..", data: "eA==" }], "all");
    const w = await Visitor.arrive(browser, server, { token: "all", place: "#/store/photos/objects/?open=/.." });
    await w.button("Delete", w.panel).waitFor();
    checks.check("no link is offered where there is none", !(await offered(w)).includes("Copy a link"),
        await offered(w));
    await w.leave();
    await life.end("SIGTERM");
}

// ---- a store ------------------------------------------------------------------------------------------

// Limits as the page itself writes numbers, and a deletion of no more than was told.
export async function counted({ checks, browser, server }) {
    await ask(server, "PUT", "/v1/stores/counted");
    const v = await Visitor.arrive(browser, server, { place: "#/store/counted/objects/" });
    for (const [bytes, objects, wanted] of [["5,000", "10,000", [5000, 10000]], ["1,024 MiB", "", [2 ** 30, null]],
        ["1.5 kib", "7", [1536, 7]], ["1,5 GiB", "", null], ["5,00", "", null], ["1e3", "", null], ["0x10", "", null],
        ["1.5", "", null], ["-1", "", null], ["", "1e3", null], ["", "0x10", null], ["", "1.5", null]]) {
        await v.button("Limits").click();
        await v.dialog.getByLabel("Bytes").fill(bytes);
        await v.dialog.getByLabel("Objects").fill(objects);
        await v.dialog.getByRole("button", { name: "Set limits" }).click();
        const refusal = v.dialog.getByRole("alert").filter({ hasText: "is no limit" });
        await refusal.or(v.page.locator(".notice")).first().waitFor();
        const { limits } = JSON.parse(await ask(server, "GET", "/v1/stores/counted"));
        checks.check(`"${bytes}" and "${objects}" are read as they are meant`, wanted === null ?
            await refusal.count() === 1 : [limits.bytes, limits.objects].join() === wanted.join(), limits);
        if (wanted === null)
            await v.page.keyboard.press("Escape");
        else
            await v.told("The limits of counted are set");
        await v.dialog.waitFor({ state: "detached" });
    }
    await ask(server, "PATCH", "/v1/stores/counted", { body: JSON.stringify({ limits: { bytes: null, objects: null } }),
        headers: { "Content-Type": "application/json" } });
    await grown({ checks, v });
    await v.leave();
}

const TUS = { "Tus-Resumable": "1.0.0" };

// Whatever comes, goes, or is exchanged since one has looked is told, and nothing is deleted.
async function grown({ checks, v }) {
    const { server } = v, put = (keys, data) => batch(server, "counted", keys.map((key) => ({ op: "put", key, data })));
    await v.button("Delete store").click();
    await v.dialog.getByText("It holds 0 objects").waitFor();
    let upload = null;
    await v.dialog.getByLabel("Type counted to go on").fill("counted");
    for (const [what, holds, change] of [
        ["what has come", "3 objects, 3\u00a0B", () => put(["1", "2", "3"], "eA==")],
        ["what has come once more", "4 objects, 4\u00a0B", () => put(["4"], "eA==")],
        ["what is larger", "4 objects, 6\u00a0B", () => put(["1"], "eHh4")],
        ["a store that was made anew", "4 objects, 6\u00a0B", async () => {
            await ask(server, "DELETE", "/v1/stores/counted?force=true");
            await ask(server, "PUT", "/v1/stores/counted");
            await put(["1"], "eHh4");
            await put(["2", "3", "4"], "eA==");
        }],
        ["one in the place of another", "4 objects, 6\u00a0B", () => batch(server, "counted",
            [{ op: "delete", key: "4" }, { op: "put", key: "5", data: "eA==" }])],
        ["an upload that is begun", "4 objects, 6\u00a0B, and 1 unfinished upload, 0\u00a0B", async () => {
            const answer = await fetch(`${server}/v1/stores/counted/uploads`, { method: "POST",
                headers: { ...TUS, "Upload-Length": "50", "Upload-Metadata": `key ${btoa("large")}` } });
            upload = new URL(answer.headers.get("Location"), server);
        }],
        ["what has come of it", "4 objects, 6\u00a0B, and 1 unfinished upload, 10\u00a0B", () => fetch(upload, {
            method: "PATCH", body: "0123456789",
            headers: { ...TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream" } })],
        ["what comes at the last moment", "5 objects, 7\u00a0B, and 1 unfinished upload, 10\u00a0B", () =>
            v.page.route("**/v1/stores/counted?*", async (route) => {
                await put(["6"], "eA==");
                await route.continue();
            }, { times: 1 })]]) {
        await change();
        await v.dialog.getByRole("button", { name: "Delete" }).click();
        const isTold = await v.dialog.getByRole("alert").filter({ hasText: `It holds ${holds}` }).waitFor()
            .then(() => true, () => false), left = await list(server, "counted").catch(() => []);
        checks.check(`${what} does not go with the store untold`, isTold && left.length > 0, [isTold, left.length]);
        if (!isTold)
            return;
    }
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.told("The store counted is deleted");
}

// Changes that are held are counted, also those that are too many to be kept.
export async function withheld({ checks, browser, server }) {
    await ask(server, "PUT", "/v1/stores/withheld");
    const v = await Visitor.arrive(browser, server, { place: "#/store/withheld/changes" });
    await v.main.getByText("0 changes since you look").waitFor();
    await v.button("Hold").click();
    await batch(server, "withheld", Array.from({ length: 5200 }, (_, i) => ({ op: "put", key: `${i}`, data: "eA==" })));
    const isTold = await v.main.getByText("Held: 5,200 changes since").waitFor({ timeout: 15000 })
        .then(() => true, () => false);
    checks.check("all changes that are held are counted", isTold, await v.main.locator(".count").allTextContents());
    await v.button("Go on").click();
    await v.button("Hold").click();
    await v.main.getByText("Held: 0 changes since").waitFor();
    await v.leave();
    await ask(server, "DELETE", "/v1/stores/withheld?force=true");
}
