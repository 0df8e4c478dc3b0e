// Scenes of things that turn out otherwise: what is called off while it happens, what somebody else has changed
// meanwhile, rights that are taken away, and servers that take less than others.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { startCairnd } from "./cairnd.mjs";
import { guarded, offered } from "./entering.mjs";
import { ask, batch, list, noise, put } from "./stage.mjs";
import { Visitor } from "./visitor.mjs";

// A request that is held up until somebody lets it go.
async function holdUp(v, pattern) {
    const held = {};
    const begun = new Promise((resolve) => {
        v.page.route(pattern, (route) => new Promise((pass) => {
            held.pass = () => pass(route.continue());
            resolve();
        }), { times: 1 });
    });
    return { begun, pass: () => held.pass() };
}

// What was called off and happened all the same is seen as it is.
export async function calledOff({ checks, browser, server }) {
    await put(server, "photos", "off/one.txt", "1", "text/plain");
    const v = await Visitor.arrive(browser, server, { place: "#/store/photos/objects/off/?open=/off/one.txt" });
    const move = await holdUp(v, /\/move$/);
    await v.button("Rename or move").click();
    await v.dialog.getByRole("textbox", { name: "Key" }).fill("off/two.txt");
    await v.page.keyboard.press("Enter");
    await move.begun;
    await v.page.keyboard.press("Escape");
    await move.pass();
    await v.panel.getByRole("heading", { name: "two.txt" }).waitFor();
    checks.check("a rename that was called off too late is seen", await v.sees(["two.txt"]), await v.names());
    for (let from = 0; from < 12000; from += 6000)
        await batch(server, "photos", Array.from({ length: 6000 }, (_, i) =>
            ({ op: "put", key: `off/many/${String(from + i).padStart(5, "0")}`, data: "eA==" })));
    await v.go("#/store/photos/objects/off/");
    await v.button("Refresh").click();
    await v.row("many/").getByRole("checkbox").click();
    await v.main.getByText(/^1 entry selected$/).waitFor();
    const deletion = await holdUp(v, /\/batch$/);
    await v.button("Delete", v.main).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await deletion.begun;
    await v.page.keyboard.press("Escape");
    await deletion.pass();
    await v.told("Stopped: 10,000 of 12,000 objects deleted");
    const [first] = await list(server, "photos", "prefix=off/many/&limit=1");
    checks.check("a deletion that was called off stops", first.key === "off/many/10000", first);
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await ask(server, "DELETE", "/v1/stores/photos/objects/off/two.txt");
    await v.leave();
}

const shows = (v, text) => v.panel.locator("pre").filter({ hasText: text }).waitFor({ timeout: 8000 })
    .then(() => true, () => false);

// What has another content by now than somebody has seen is neither deleted nor moved.
export async function replaced({ checks, browser, server }) {
    await put(server, "photos", "replaced/one.txt", "1", "text/plain");
    const place = "#/store/photos/objects/replaced/?open=/replaced/one.txt";
    const v = await Visitor.arrive(browser, server, { place });
    await v.button("Delete", v.panel).waitFor();
    await put(server, "photos", "replaced/one.txt", "2", "text/plain");
    await v.button("Delete", v.panel).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.dialog.getByRole("alert").filter({ hasText: "It was changed meanwhile" }).waitFor();
    await v.page.keyboard.press("Escape");
    checks.check("what was refused is seen as it is by now", await shows(v, "2"));
    await put(v.server, "photos", "replaced/one.txt", "two and a half", "text/plain");
    await v.button("Rename or move").click();
    await v.dialog.getByRole("textbox", { name: "Key" }).fill("replaced/two.txt");
    await v.page.keyboard.press("Enter");
    await v.dialog.getByRole("alert").filter({ hasText: "It was changed meanwhile" }).waitFor();
    await v.page.keyboard.press("Escape");
    const held = await ask(server, "GET", "/v1/stores/photos/objects/replaced/one.txt");
    checks.check("what somebody else has put meanwhile stays", held === "two and a half", held);
    await anew({ checks, v });
    await v.button("Delete", v.panel).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.told("1 object deleted");
    await ofSeveral({ checks, v });
    await v.leave();
}

// The panel shows what there is: after a refusal, after "Refresh", after an upload and after a click on its row.
async function anew({ checks, v }) {
    const change = (text) => put(v.server, "photos", "replaced/one.txt", text, "text/plain");
    checks.check("what could not be moved, too", await shows(v, "two and a half"));
    checks.check("and what asked for it has the focus", await v.button("Rename or move").evaluate((one) =>
        one === document.activeElement));
    await change("three");
    await v.button("Refresh").click();
    checks.check("whoever lists again sees it anew", await shows(v, "three") && (await v.fact("Size")).startsWith("5"));
    await change("four");
    await v.row("one.txt").click();
    checks.check("so does a click on its row", await shows(v, "four"));
    await v.page.locator('input[type=file][aria-label="Upload files"]').setInputFiles(
        { name: "one.txt", mimeType: "text/plain", buffer: Buffer.from("mine") });
    await v.button("Replace", v.question).click();
    checks.check("and after one's own upload", await shows(v, "mine"));
}

// Of several, the one that has been put anew stays; one that is gone hinders nothing.
async function ofSeveral({ checks, v }) {
    const names = ["a", "b", "c"], keys = async () => (await list(v.server, "photos", "prefix=replaced/several/"))
        .map(({ key }) => key.slice(-1)).join();
    for (const name of names)
        await put(v.server, "photos", `replaced/several/${name}`, "x", "text/plain");
    await v.go("#/store/photos/objects/replaced/several/");
    for (const name of names)
        await v.row(name).getByRole("checkbox").click();
    await put(v.server, "photos", "replaced/several/b", "new", "text/plain");
    await v.button("Delete", v.main).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.told("2 objects deleted. 1 object put anew meanwhile stays: replaced/several/b.");
    checks.check("of several, what has been put anew stays", await keys() === "b", await keys());
    await put(v.server, "photos", "replaced/several/d", "x", "text/plain");
    await v.button("Refresh").click();
    for (const name of ["b", "d"])
        await v.row(name).getByRole("checkbox").click();
    await put(v.server, "photos", "replaced/several/b", "seen", "text/plain");
    await v.button("Refresh").click();
    await v.row("b").getByText("4 B").waitFor();
    await ask(v.server, "DELETE", "/v1/stores/photos/objects/replaced/several/d");
    await v.button("Delete", v.main).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.told("All of them are gone, and some were before");
    checks.check("what is selected and seen anew goes", await keys() === "", await keys());
}

// What was said of one key is not said of another, and whoever is refused by keys can go on by keys.
export async function reconsidered({ checks, browser, server }) {
    for (const name of ["x", "y", "z"])
        await put(server, "photos", `thought/${name}`, name, "text/plain");
    const v = await Visitor.arrive(browser, server, { place: "#/store/photos/objects/thought/?open=/thought/x" });
    await v.button("Rename or move").click();
    const key = v.dialog.getByRole("textbox", { name: "Key" }), move = v.dialog.getByRole("button", { name: "Move" });
    const replace = v.dialog.getByRole("checkbox", { name: "Replace what is there" });
    await key.fill("thought/y");
    await move.focus();
    await v.page.keyboard.press("Enter");
    await v.dialog.getByRole("alert").filter({ hasText: "under that key already" }).waitFor();
    checks.check("after a refusal the button has the focus again", await move.evaluate((one) =>
        one === document.activeElement), await v.page.evaluate(() => document.activeElement.outerHTML.slice(0, 80)));
    await replace.check();
    await key.fill("thought/z");
    checks.check("what was to be replaced is another key's", !await replace.isVisible());
    await move.click();
    await replace.waitFor();
    checks.check("so it is asked again", !await replace.isChecked() &&
        await ask(server, "GET", "/v1/stores/photos/objects/thought/z") === "z");
    await replace.check();
    await move.click();
    await v.told("Moved to thought/z");
    await v.leave();
    await ask(server, "DELETE", "/v1/stores/photos/objects/thought/y");
    await ask(server, "DELETE", "/v1/stores/photos/objects/thought/z");
}

// A server with a limit below what goes into one transaction by default.
export async function fewer({ checks, browser, folder }) {
    const life = await startCairnd(join(folder, "fewer"), ["--listen", "127.0.0.1:0", "--batch-ops-limit", "50"]);
    const server = `http://127.0.0.1:${life.port}`;
    await ask(server, "PUT", "/v1/stores/few");
    for (let from = 0; from < 120; from += 40)
        await batch(server, "few", Array.from({ length: 40 }, (_, i) =>
            ({ op: "put", key: `d/${from + i}`, data: "eA==" })));
    const v = await Visitor.arrive(browser, server, { place: "#/store/few/objects/" });
    await v.row("d/").getByRole("checkbox").click();
    await v.button("Delete", v.main).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.dialog.getByRole("alert").filter({ hasText: "takes fewer of them in one transaction" }).waitFor();
    checks.check("what does not go together is not split unasked", (await list(server, "few")).length === 120);
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.told("120 objects deleted");
    checks.check("and goes in several when somebody says so", (await list(server, "few")).length === 0);
    await v.go("#/stores");
    await v.button("New store").click();
    await v.dialog.getByLabel("Name").fill("few");
    await v.dialog.getByRole("button", { name: "Make" }).click();
    await v.dialog.getByRole("alert").filter({ hasText: "There is a store of the name few already" }).waitFor();
    await v.leave();
    await life.end("SIGTERM");
}

// A link that somebody has sent: what it calls a hash is no path of the server.
export async function crafted({ checks, browser, server }) {
    const v = await Visitor.arrive(browser, server);
    for (const hash of ["../objects/readme.md", "../../../../healthz", "x?\u0003\ntouch it", "00112233445566AA"]) {
        await v.go(`#/store/photos/objects/?open=%23${encodeURIComponent(hash)}`);
        await v.told("There is no such object any more");
    }
    await v.go("#/store/photos/objects/?open=xreadme.md");
    await v.told("There is no such object any more");
    const asked = v.requests.filter(({ path }) => /hashes|healthz/.test(path));
    checks.check("nothing is asked for by a hash that is none", asked.length === 0, asked);
    checks.check("and nothing is shown", await v.panel.count() === 0);
    await v.leave();
}

// Rights that are taken away while somebody looks, and uploads that somebody leaves.
export async function leaving({ checks, browser, folder }) {
    const { life, server } = await guarded(join(folder, "leaving"), [],
        [["once", ["", "read", "list", "write", "delete"]]]);
    const v = await Visitor.arrive(browser, server, { place: "#/store/photos/objects/?open=/other" });
    await v.dialog.getByLabel("Token").fill("once");
    await v.dialog.getByRole("button", { name: "Sign in" }).click();
    await v.button("Delete", v.panel).waitFor();
    const upload = await holdUp(v, /\/objects\/slow\.bin|\/batch$/);
    await v.page.locator('input[type=file][aria-label="Upload files"]').setInputFiles({ name: "slow.bin", mimeType: "",
        buffer: noise(100000) });
    await upload.begun;
    await v.button("Sign out").click();
    await v.dialog.getByText("Uploads are under way").waitFor();
    await v.dialog.getByRole("button", { name: "Cancel" }).click();
    await upload.pass();
    await v.page.getByText(/^1 file uploaded/).first().waitFor();
    checks.check("who stays is still who he was", await v.page.locator("#who").textContent() === "once");
    const path = join(folder, "leaving", "guarded-0", "access.json"), access = JSON.parse(await readFile(path, "utf8"));
    access.tokens.find(({ name }) => name === "once").grants[0].rights = ["read", "list"];
    await writeFile(path, JSON.stringify(access));
    process.kill(life.pid, "SIGHUP");
    while ((await ask(server, "GET", "/v1/access", { token: "once" })).includes("delete"))
        await new Promise((resolve) => setTimeout(resolve, 50)); // between two looks
    await v.button("Delete", v.panel).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.dialog.getByRole("alert").filter({ hasText: "This token may not do that here" }).waitFor();
    await v.button("Upload files").waitFor({ state: "hidden" });
    await v.page.keyboard.press("Escape");
    await v.dialog.waitFor({ state: "detached" });
    checks.check("where the button is gone that a question came from, the page has the focus",
        await v.page.evaluate(() => document.activeElement.matches("main h1, main h2")),
        await v.page.evaluate(() => document.activeElement.outerHTML.slice(0, 80)));
    await v.button("Download", v.panel).waitFor();
    const still = await offered(v);
    checks.check("what was taken away is not offered any more", !still.includes("Delete"), still);
    await v.button("Sign out").click();
    await v.dialog.getByLabel("Token").fill("all");
    await v.dialog.getByRole("button", { name: "Sign in" }).click();
    await v.dialog.waitFor({ state: "detached" });
    const focused = await v.page.waitForFunction(() => document.activeElement.matches("main h1, main h2"))
        .then(() => true, () => false);
    checks.check("after signing in the focus is in the page", focused);
    await v.leave();
    await life.end("SIGTERM");
}

// A token that is not known any more while several are copied: it is asked for in front of all else, and with a good one
// all goes on.
export async function unknown({ checks, browser, folder }) {
    const { life, server } = await guarded(join(folder, "unknown"), []), TOKEN = "This server asks for a token";
    const names = Array.from({ length: 9 }, (_, i) => `tenant/k${i}`);
    for (const name of names)
        await ask(server, "PUT", `/v1/stores/photos/objects/${name}`, { token: "all", body: "x" });
    const v = await Visitor.arrive(browser, server, { token: "all", place: "#/store/photos/objects/" });
    let isKnown = false;
    await v.page.route(/\/copy$/, (route) => isKnown ? route.continue() : route.fulfill({ status: 401, json: {} }));
    await v.row("tenant/").getByRole("checkbox").click();
    await v.button("Copy to…", v.main).click();
    await v.dialog.getByRole("textbox", { name: "Into the folder" }).fill("copied/");
    await v.dialog.getByRole("button", { name: "Copy" }).click();
    const token = v.dialog.getByLabel("Token"), question = v.dialog.filter({ hasText: "is not copied" });
    await token.waitFor();
    await token.click({ trial: true }); // when one can
    await v.page.waitForTimeout(500); // nothing is to come in front of it
    checks.check("the token is asked for in front of all else", await v.front() === TOKEN, await v.front());
    checks.check("and nothing else is asked behind it", await v.page.locator("dialog[open]").count() === 2,
        await v.page.locator("dialog[open]").allTextContents());
    await v.page.keyboard.press("Escape");
    await question.waitFor();
    checks.check("whoever knows none is asked how to go on", (await v.front()).includes("is not copied"),
        await v.front());
    await question.getByRole("button", { name: "Try again" }).click();
    await token.waitFor();
    await v.page.waitForTimeout(500);
    checks.check("and for the token again, in front", await v.front() === TOKEN, await v.front());
    isKnown = true;
    await token.fill("all");
    await v.page.keyboard.press("Enter");
    await v.told("10 objects copied");
    checks.check("with a good one all goes on, and nothing is asked any more", await v.dialog.count() === 0,
        await v.dialog.allTextContents());
    checks.check("and the list that is there by now shows it", await v.sees(["copied/", "other", "tenant/"]),
        await v.names());
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    await life.end("SIGTERM");
}

// A file of a megabyte that unpacks to more than a page may hold.
export async function packed({ checks, browser, folder }) {
    const { life, server } = await guarded(join(folder, "packing"), []);
    await ask(server, "PUT", "/v1/stores/photos/objects/bomb.png", { token: "all",
        body: gzipSync(Buffer.alloc(300 << 20), { level: 1 }),
        headers: { "Content-Type": "image/png", "Content-Encoding": "gzip" } });
    const v = await Visitor.arrive(browser, server,
        { token: "reader", place: "#/store/photos/objects/?open=/bomb.png" });
    await v.panel.getByText("more than the 256 MiB that the page shows from memory").waitFor();
    checks.check("what is packed is held no further than it may be", await v.panel.locator("img").count() === 0);
    await v.leave();
    await life.end("SIGTERM");
}

// A drawing that is packed, where no token is needed: browsers would unpack it to its end.
export async function drawn({ checks, visitor: v, server }) {
    const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="12" height="7"/>';
    for (const [name, text] of [["small", drawing], ["large", drawing + " ".repeat(40 << 20)]])
        await put(server, "s", `drawn/${name}.svg`, gzipSync(text), "image/svg+xml", { "Content-Encoding": "gzip" });
    await v.go("#/store/s/objects/drawn/?open=/drawn/large.svg");
    await v.panel.getByText("more than the 8 MiB that the page shows from memory").waitFor();
    await v.go("#/store/s/objects/drawn/?open=/drawn/small.svg");
    await v.page.waitForFunction(() => document.querySelector(".preview img")?.naturalWidth === 12);
    checks.check("a small one is shown", (await v.panel.locator("img").getAttribute("src")).startsWith("data:"));
    await v.button("Close the object").click();
}

// A token that lists everything and may do the rest in one folder.
export async function mixed({ checks, browser, folder }) {
    const { life, server } = await guarded(join(folder, "mixed"), [],
        [["mixed", ["", "list"], ["tenant/", "read", "write", "delete"]]]);
    const v = await Visitor.arrive(browser, server, { token: "mixed", place: "#/store/photos/objects/" });
    await v.row("tenant/").getByRole("checkbox").click();
    await v.button("Delete", v.main).waitFor();
    await v.row("other").getByRole("checkbox").click();
    await v.main.getByText("2 entries selected").waitFor();
    checks.check("what may not be done with all that is selected is not offered",
        await v.button("Delete", v.main).count() === 0, await offered(v));
    await v.row("other").getByRole("checkbox").click();
    await v.button("Delete", v.main).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.told("1 object deleted");
    await v.leave();
    await life.end("SIGTERM");
}

// A type that may be a document, said to be sound: it is not held as data, which the policy lets no player have.
export async function soundless({ checks, browser, folder }) {
    const { life, server } = await guarded(join(folder, "soundless"), []);
    await ask(server, "PUT", "/v1/stores/photos/objects/odd", { token: "all", body: noise(500),
        headers: { "Content-Type": "video/x+y" } });
    const v = await Visitor.arrive(browser, server, { token: "reader", place: "#/store/photos/objects/?open=/odd" });
    await v.panel.getByText("The browser cannot show this").waitFor();
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    await life.end("SIGTERM");
}

// What is done with what is selected can be pressed beside uploads, and a row too.
async function reachable({ checks, v }) {
    await put(v.server, "photos", "squeezed/one", "1");
    await v.go("#/store/photos/objects/squeezed/");
    await v.page.setViewportSize({ width: 360, height: 640 });
    await v.row("one").getByRole("checkbox").click();
    await v.page.locator('input[type=file][aria-label="Upload files"]').setInputFiles(
        { name: "small", mimeType: "", buffer: Buffer.from("1") });
    await v.page.getByText(/^1 file uploaded/).first().waitFor();
    for (const [name, locator] of [["Delete", v.button("Delete", v.main)], ["a row", v.row("one")]]) {
        const isFree = await locator.click({ timeout: 5000 }).then(() => true, () => false);
        checks.check(`${name} is in reach beside uploads`, isFree);
        await v.page.keyboard.press("Escape");
        await v.dialog.waitFor({ state: "detached" });
    }
    await v.button("Clear what is done").click();
    for (const name of ["one", "small"])
        await ask(v.server, "DELETE", `/v1/stores/photos/objects/squeezed/${name}`);
    await v.page.setViewportSize({ width: 360, height: 740 });
    await v.go(`#/store/photos/objects/${"d/".repeat(500)}`);
    await v.row("x").waitFor();
}

// A folder five hundred deep on a small screen, and plots in colours that the system forces.
export async function squeezed({ checks, browser, server }) {
    const deep = "d/".repeat(500);
    await put(server, "photos", `${deep}x`, "x");
    const v = await Visitor.arrive(browser, server,
        { size: { width: 360, height: 740 }, place: `#/store/photos/objects/${deep}` });
    await v.row("x").waitFor();
    await reachable({ checks, v });
    const { height } = await v.main.getByRole("navigation", { name: "Folders above" }).boundingBox();
    checks.check("a long path leaves room for the list", height < 150, height);
    await v.page.emulateMedia({ forcedColors: "active" });
    await v.go("#/live");
    await v.main.locator(".legend dt").first().waitFor();
    const colours = await v.main.locator(".legend dt").evaluateAll((terms) =>
        [...new Set(terms.map((term) => getComputedStyle(term, "::before").backgroundColor))]);
    checks.check("a legend keeps its colours", colours.length > 2, colours);
    await v.leave();
    await ask(server, "DELETE", `/v1/stores/photos/objects/${deep}x`);
}
