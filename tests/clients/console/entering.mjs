// Scenes of who may do what, of how soon the page is there, and of how it is for everybody.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { startCairnd } from "./cairnd.mjs";
import { Line } from "./line.mjs";
import { ask, noise, png, put } from "./stage.mjs";
import { NARROW, Visitor, WALL, WIDE } from "./visitor.mjs";

const TOKENS = { all: ["read", "list", "write", "delete", "admin"], reader: ["read", "list"], lister: ["list"] };

// A server with tokens: one that may do everything, one that reads, one that lists, one that writes below a prefix, and
// whatever else is wanted: each a name and its grants, of photos as [prefix, ...rights].
export async function guarded(folder, linkKeys, more = []) {
    const data = join(folder, `guarded-${linkKeys.length}`), file = join(data, "access.json");
    const token = (name, grants) => ({ name, sha256: createHash("sha256").update(name).digest("hex"), grants });
    await mkdir(data, { recursive: true });
    await writeFile(file, JSON.stringify({ link_keys: linkKeys, tokens: [
        ...Object.entries(TOKENS).map(([name, rights]) => token(name, [{ stores: ["*"], prefix: "", rights }])),
        token("writer", [{ stores: ["photos"], prefix: "in/", rights: ["write"] }]),
        token("tenant", [{ stores: ["photos"], prefix: "tenant/", rights: ["read", "list", "write", "delete"] }]),
        ...more.map(([name, ...grants]) => token(name, grants.map((grant) => Array.isArray(grant) ?
            { stores: ["photos"], prefix: grant[0], rights: grant.slice(1) } : grant)))] }));
    const life = await startCairnd(data, ["--listen", "127.0.0.1:0", "--access", file]);
    const server = `http://127.0.0.1:${life.port}`, asAll = { token: "all" };
    await ask(server, "PUT", "/v1/stores/photos", asAll);
    await ask(server, "PUT", "/v1/stores/photos/objects/tenant/a.png",
        { ...asAll, body: png(320, 200), headers: { "Content-Type": "image/png" } });
    await ask(server, "PUT", "/v1/stores/photos/objects/other", { ...asAll, body: "x" });
    return { life, server };
}

export const offered = (v) => v.page.getByRole("button").evaluateAll((buttons) =>
    buttons.filter((button) => button.checkVisibility()).map((button) => button.getAttribute("aria-label") ??
    button.textContent));

const CHANGES = ["Upload files", "Upload a folder", "Delete", "Rename or move", "Copy to…", "New store", "Limits", "Delete store"];

export async function rights({ checks, browser, folder }) {
    const { life, server } = await guarded(folder, [{ name: "web", secret: "a secret of a link key, long enough" }]);
    const v = await Visitor.arrive(browser, server);
    await v.dialog.getByLabel("Token").fill("nobody");
    await v.dialog.getByRole("button", { name: "Sign in" }).click();
    await v.dialog.getByRole("alert").filter({ hasText: "does not know this token" }).waitFor();
    await v.picture("token");
    await v.dialog.getByLabel("Token").fill("reader");
    await v.dialog.getByRole("button", { name: "Sign in" }).click();
    await v.row("photos").waitFor();
    const none = async (where) => {
        const found = (await offered(v)).filter((name) => CHANGES.includes(name));
        checks.check(`${where}: nothing is offered that a reader may not do`, found.length === 0, found);
    };
    await none("stores");
    await v.row("photos").click();
    await v.row("tenant/").click();
    await v.row("a.png").click();
    await v.page.waitForFunction(() => document.querySelector(".preview img")?.naturalWidth === 320);
    await none("an object");
    checks.check("its picture comes by a signed link",
        (await v.panel.locator("img").getAttribute("src")).includes("cairn-signature="));
    await v.row("a.png").getByRole("checkbox").click();
    await none("what is selected");
    await v.button("Copy a link").click();
    await v.dialog.getByLabel("It is good for").selectOption("86400");
    await v.dialog.getByRole("button", { name: "Make and copy" }).click();
    await v.told("The link is copied");
    const link = await v.clipboard();
    checks.check("a link needs no token", (await fetch(link)).status === 200, link);
    const saved = await v.download(() => v.button("Download").click());
    checks.check("a download needs none either", saved.name === "a.png" && saved.bytes.equals(png(320, 200)),
        saved.name);
    checks.check("the line of curl tells no token", await (async () => {
        await v.button("Copy as curl").click();
        await v.told("line of curl");
        return (await v.clipboard()).includes("Bearer $CAIRN_TOKEN") && !(await v.clipboard()).includes("reader");
    })());
    await v.page.reload();
    await v.panel.getByRole("heading", { name: "a.png" }).waitFor();
    await v.button("Sign out").click();
    await v.dialog.getByLabel("Token").waitFor();
    checks.check("the browser has nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    await limited({ checks, browser, server, folder });
    await life.end("SIGTERM");
}

const upload = (v, file) => v.page.locator('input[type=file][aria-label="Upload files"]').setInputFiles(file);
const uploaded = (v) => v.page.getByRole("region", { name: "Uploads" }).getByRole("status")
    .filter({ hasText: /^1 file uploaded/ }).waitFor();

// A token that is not known any more in the midst of an upload, and a wrong one in its place.
export async function expired({ checks, browser, folder }) {
    const { life, server } = await guarded(join(folder, "expired"), []);
    const v = await Visitor.arrive(browser, server, { token: "all", place: "#/store/photos/objects/" });
    await v.row("tenant/").waitFor();
    await v.page.route("**/objects?*", (route) => route.fulfill({ status: 401, json: {} }));
    await v.page.evaluate(() => {
        const { showModal } = HTMLDialogElement.prototype;
        HTMLDialogElement.prototype.showModal = function () {
            showModal.call(this);
            setTimeout(() => {
                const usable = this.querySelectorAll("button:enabled, input:enabled").length;
                self.begun = `${document.activeElement.localName} ${usable}`;
            });
        };
    });
    await v.button("Refresh").click();
    const field = v.dialog.getByLabel("Token");
    await field.click({ trial: true }); // when one can
    const first = await v.page.evaluate(() => self.begun);
    checks.check("a question for a token that comes by itself takes nothing at once", first === "dialog 0", first);
    checks.check("and then what is typed", await v.has(field));
    await field.fill("nobody");
    await v.dialog.getByRole("button", { name: "Sign in" }).click();
    await v.dialog.getByRole("alert").filter({ hasText: "does not know this token" }).waitFor();
    await v.dialog.getByLabel("Token").fill("\u201call\u201d");
    await v.dialog.getByRole("button", { name: "Sign in" }).click();
    await v.dialog.getByRole("alert").filter({ hasText: "does not know this token" }).waitFor();
    await v.page.keyboard.press("Escape");
    await v.page.unroute("**/objects?*");
    await v.button("Refresh").click();
    await v.main.getByText("2 entries").waitFor();
    checks.check("a wrong token takes no right away", await v.dialog.count() === 0);
    await v.page.route("**/uploads/**", (route) =>
        Number(route.request().headers()["upload-offset"]) > 0 ? route.fulfill({ status: 401, json: {} }) :
            route.continue());
    const path = join(folder, "expired.bin");
    await writeFile(path, noise(20 << 20));
    await upload(v, path);
    await v.dialog.getByLabel("Token").waitFor();
    await v.page.getByText("Sign in, and it goes on").first().waitFor();
    await v.page.unroute("**/uploads/**");
    await v.dialog.getByLabel("Token").fill("all");
    await v.dialog.getByRole("button", { name: "Sign in" }).click();
    await uploaded(v);
    const begun = v.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/uploads"));
    checks.check("after signing in an upload goes on where it was", begun.length === 1, begun.length);
    checks.check("the browser has nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    await life.end("SIGTERM");
}

async function signIn(page, token) {
    await page.getByRole("dialog").getByLabel("Token").fill(token);
    await page.getByRole("dialog").getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
}

// Two tabs of one browser, each with a token of its own: one signs out while the other one sends.
export async function apart({ checks, browser, folder }) {
    const { life, server } = await guarded(join(folder, "apart"), []), line = await Line.open(life.port);
    const v = await Visitor.arrive(browser, `http://127.0.0.1:${line.port}`), bytes = noise(60 << 20);
    await signIn(v.page, "all");
    await v.row("photos").waitFor();
    const other = await v.another("#/store/photos/objects/tenant/");
    await signIn(other, "tenant");
    await other.getByRole("button", { name: "Refresh" }).waitFor();
    const path = join(folder, "apart.bin");
    await writeFile(path, bytes);
    await other.locator('input[type=file][aria-label="Upload files"]').setInputFiles(path);
    await line.after(line.sent + (10 << 20));
    await v.button("Sign out").click();
    await v.dialog.getByLabel("Token").waitFor();
    await other.getByText(/^1 file uploaded/).first().waitFor();
    const answer = await fetch(`${server}/v1/stores/photos/objects/tenant/apart.bin`,
        { headers: { Authorization: "Bearer all" } });
    checks.check("who signs out takes no token from another tab",
        bytes.equals(Buffer.from(await answer.arrayBuffer())));
    checks.check("the other tab is still who it was", await other.locator("#who").textContent() === "tenant");
    checks.check("the browser has nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    line.close();
    await life.end("SIGTERM");
}

// At 400 % of 1280 x 1024.
export async function enlarged({ checks, browser, server }) {
    const v = await Visitor.arrive(browser, server, { size: { width: 320, height: 256 }, place: "#/store/s/objects/" });
    await v.main.getByText(/\d entr/).waitFor();
    const { height } = await v.grid.boundingBox();
    checks.check("enlarged, the list keeps some rows", height >= 200, height);
    const scrolled = await v.page.evaluate(() => document.documentElement.scrollHeight > innerHeight);
    checks.check("and the page scrolls", scrolled);
    const isNarrow = () => v.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    checks.check("in one direction", await isNarrow());
    await v.go("#/live");
    await v.main.getByText("a value each second").waitFor();
    checks.check("also where plots are", await isNarrow());
    await v.leave();
}

// Where the colours are somebody's own what was told by a ground is told.
export async function contrasted({ checks, browser, server }) {
    const v = await Visitor.arrive(browser, server);
    await v.page.emulateMedia({ forcedColors: "active" });
    const ground = (locator) => locator.evaluate((one) => getComputedStyle(one).backgroundColor);
    const bar = v.row("limited").locator(".size .bar");
    checks.check("how full a store is is seen", await ground(bar) !== await ground(bar.locator(".fill")) &&
        await bar.evaluate((one) => getComputedStyle(one).borderTopWidth) === "1px", await ground(bar));
    await v.go("#/store/s/objects/");
    const folders = v.button("Folders"), pressed = await ground(folders);
    await folders.click();
    await v.page.locator('[aria-pressed="false"]').waitFor();
    checks.check("and what is pressed", pressed !== await ground(folders), pressed);
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

// Objects are of this server, too: none of them is run by the page, were its markup somebody else's.
export async function planted({ checks, browser, server }) {
    await ask(server, "PUT", "/v1/stores/s/objects/planted.js",
        { body: "self.planted = true;", headers: { "Content-Type": "text/javascript" } });
    await put(server, "s", "planted.css", "h1 { --planted: 1 }", "text/css");
    const page = await browser.newPage(), refused = [];
    page.on("console", (message) => refused.push(message.text()));
    await page.route("**/console/", async (route) => {
        const answer = await route.fetch(), text = await answer.text();
        await route.fulfill({ response: answer, body: text.replace("</body>",
            '<script src="../v1/stores/s/objects/planted.js"></script>' +
            '<script type="module" src="../v1/stores/s/objects/planted.js"></script>' +
            '<link rel="stylesheet" href="../v1/stores/s/objects/planted.css">' +
            "<style>h1 { --planted: 1 }</style></body>") });
    });
    await page.goto(`${server}/console/`);
    await page.getByRole("heading", { name: "Stores" }).waitFor();
    checks.check("no object is run as a script of the page", await page.evaluate(() => self.planted) === undefined);
    checks.check("the policy has refused it", refused.filter((text) => text.includes("strict-dynamic")).length === 2,
        refused);
    checks.check("nor is one taken for a style sheet, or any other style", await page.locator("h1").evaluate((heading) =>
        getComputedStyle(heading).getPropertyValue("--planted")) === "" &&
        refused.filter((text) => text.includes("style-src")).length === 2, refused);
    await page.close();
    const opened = await browser.newPage();
    await ask(server, "PUT", "/v1/stores/s/objects/planted.html", { headers: { "Content-Type": "text/html" },
        body: "<title>0</title><script>document.title = origin</script><p>a page</p>" });
    await opened.goto(`${server}/v1/stores/s/objects/planted.html`);
    checks.check("nor of one of its own, where it is opened", await opened.title() === "0", await opened.title());
    checks.check("and it is of no origin", await opened.evaluate(() => origin) === "null");
    await opened.close();
}

// Who may do things below a prefix only, and who may only list.
async function limited({ checks, browser, server, folder }) {
    const tenant = await Visitor.arrive(browser, server, { token: "tenant" });
    await tenant.row("photos").click();
    await tenant.row("a.png").waitFor();
    checks.check("a store opens where one may look",
        new URL(tenant.page.url()).hash === "#/store/photos/objects/tenant/", tenant.page.url());
    checks.check("and uploads are offered there", (await offered(tenant)).includes("Upload files"));
    checks.check("the store itself is not", !(await offered(tenant)).some((name) => ["Limits",
        "Delete store"].includes(name)));
    checks.check("the browser has nothing to complain about", tenant.complaints.length === 0, tenant.complaints);
    await tenant.leave();
    const writer = await Visitor.arrive(browser, server, { token: "writer" });
    await writer.row("photos").click();
    await writer.button("Upload files").waitFor();
    checks.check("it opens where one may write, if one may look nowhere",
        new URL(writer.page.url()).hash === "#/store/photos/objects/in/", writer.page.url());
    const path = join(folder, "large.bin"); // a test that hands over the bytes takes long on a machine that is busy
    await writeFile(path, noise(9 << 20));
    await upload(writer, path);
    await uploaded(writer);
    await writer.leave();
    const lister = await Visitor.arrive(browser, server,
        { token: "lister", place: "#/store/photos/objects/?open=/other" });
    await lister.panel.getByText("This token may not read the object").waitFor();
    const found = (await offered(lister)).filter((name) => [...CHANGES, "Download", "Copy a link", "Copy to…",
        "Copy as curl", "Download as tar"].includes(name));
    checks.check("who may only list is offered no bytes", found.length === 0, found);
    await lister.leave();
}

// Without a link key what is previewed is fetched with the token, and held.
export async function held({ checks, browser, folder }) {
    const { life, server } = await guarded(folder, []);
    const v = await Visitor.arrive(browser, server,
        { token: "reader", place: "#/store/photos/objects/tenant/?open=/tenant/a.png" });
    await v.page.waitForFunction(() => document.querySelector(".preview img")?.naturalWidth === 320);
    checks.check("without link keys a picture is held in memory",
        (await v.panel.locator("img").getAttribute("src")).startsWith("blob:"));
    checks.check("and no link is offered", !(await offered(v)).includes("Copy a link"));
    for (const [name, type] of [["drawing.svg", "image/svg+xml; charset=utf-8"], ["drawing", "IMAGE/SVG+XML"]]) {
        const body = '<svg xmlns="http://www.w3.org/2000/svg" width="12" height="7"><script>1</script></svg>';
        await ask(server, "PUT", `/v1/stores/photos/objects/tenant/${name}`,
            { token: "all", body, headers: { "Content-Type": type } });
        await v.go(`#/store/photos/objects/tenant/?open=/tenant/${name}`);
        await v.page.waitForFunction(() => document.querySelector(".preview img")?.naturalWidth === 12);
        checks.check("what may have scripts in it is held at no address of the console",
            (await v.panel.locator("img").getAttribute("src")).startsWith("data:image/svg+xml"));
    }
    await v.go("#/store/photos/objects/tenant/?open=/tenant/a.png");
    await v.page.waitForFunction(() => document.querySelector(".preview img")?.naturalWidth === 320);
    const saved = await v.download(() => v.button("Download").click());
    checks.check("nor needed for a download", saved.name === "a.png" && saved.bytes.equals(png(320, 200)), saved.name);
    const tar = await v.download(() => v.button("Download as tar").click());
    checks.check("a folder comes as a tar", tar.name === "tenant.tar" && tar.bytes.includes("tenant/a.png"), tar.name);
    checks.check("the browser has nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    await life.end("SIGTERM");
}

// ---- for everybody -----------------------------------------------------------------------------------

// Each view: its place, and what is there when it is. One follows another that has nothing of it.
const VIEWS = {
    stores: ["#/stores", (v) => v.row("limited")],
    browse: ["#/store/photos/objects/2026/alps/", (v) => v.row("ridge.png")],
    "browse-object": ["#/store/photos/objects/2026/alps/?open=/2026/alps/ridge.png", (v) => v.panel.locator("img")],
    live: ["#/live", (v) => v.main.locator(".legend dd", { hasText: /\d/ }).first()],
    changes: ["#/store/photos/changes", (v) => v.main.getByText("0 changes since you look")],
    "store-live": ["#/store/photos/live", (v) => v.main.locator(".legend dd", { hasText: /\d/ }).first()],
};

async function look({ checks, browser, server }, scheme, size) {
    const v = await Visitor.arrive(browser, server, { size, scheme });
    for (const [name, [place, sign]] of Object.entries(VIEWS)) {
        const title = `${name}, ${scheme}, ${size.width}`;
        await v.go(place);
        await sign(v).waitFor();
        const flaws = await v.flaws();
        checks.check(`${title}: nothing for axe`, flaws.length === 0, flaws);
        const { count, without } = await v.nameless();
        checks.check(`${title}: each control has a name`, count > 5 && without.length === 0, without);
        const over = await v.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        checks.check(`${title}: nothing is wider than the screen`, over <= 0, over);
        await v.picture(`${name}-${scheme}-${size.width}`);
    }
    checks.check(`${scheme}, ${size.width}: nothing to complain about`, v.complaints.length === 0, v.complaints);
    await v.leave();
}

export async function everybody(stage) {
    for (const scheme of ["light", "dark"])
        for (const size of [NARROW, WIDE])
            await look(stage, scheme, size);
    await look(stage, "light", WALL);
}

// ---- how soon ----------------------------------------------------------------------------------------

// Of a page in a browser that has nothing kept of it yet.
async function firstPaint(browser, url) {
    const context = await browser.newContext(), page = await context.newPage();
    await page.goto(url);
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length === 1);
    const time = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
    await context.close();
    return Math.round(time);
}

// Beside a page of one line of text, which says how much of it is the browser and what else the machine does.
export async function paint({ checks, browser, server }) {
    const times = [], bare = [];
    for (let round = 0; round < 7; round++) {
        bare.push(await firstPaint(browser, `${server}/healthz`));
        times.push(await firstPaint(browser, `${server}/console/`));
    }
    const ordered = (values) => values.sort((one, other) => one - other).join(", ");
    console.log(`  first paint: ${ordered(times)} ms (the goal is 200); of a page of one line: ${ordered(bare)} ms`);
    await atOnce({ checks, browser, server });
}

// What is painted first waits for one answer, and then for no script.
async function atOnce({ checks, browser, server }) {
    const page = await browser.newPage();
    await page.route(/console\/./, () => {}); // nothing else ever comes
    await page.goto(`${server}/console/`, { waitUntil: "commit" });
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length === 1);
    checks.check("the first paint waits for nothing but the page", await page.getByText("Stores").isVisible());
    const height = await page.locator("header.top").evaluate((header) => header.getBoundingClientRect().height);
    checks.check("and has its styles", height >= 52, height);
    await page.close();
}

// A link that was sent by somebody: what it has in the place of a store's name is no path of the server, nor of another
// application behind the same proxy.
export async function astray({ checks, browser, server }) {
    for (const name of ["x\\..\\..\\..\\evil", "..", "%2e%2e", "UPPER", "a".repeat(64)]) {
        const v = await Visitor.arrive(browser, server, { place: `#/store/${name}/objects/` });
        await v.main.getByRole("heading", { name: "Stores" }).waitFor();
        const strayed = v.requests.map(({ path }) => path).filter((path) =>
            !/^\/(console\/.*|v1\/(access|stores(\/[a-z0-9][a-z0-9._-]*)?))(\?|$)/.test(path));
        checks.check(`nothing is asked for a store that is named ${name.slice(0, 20)}`, strayed.length === 0, strayed);
        await v.leave();
    }
}
