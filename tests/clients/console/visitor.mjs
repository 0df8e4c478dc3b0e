// Somebody who looks at the console in Chromium: what they do, what they see, and what the browser complains about.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const PICTURES = process.env.CONSOLE_PICTURES ?? "pictures";

export const WIDE = { width: 1440, height: 900 }, NARROW = { width: 360, height: 740 },
    WALL = { width: 3840, height: 2160 };

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    chromiumSandbox: false });

// What has to have a name.
const NAMED = ["button", "link", "textbox", "searchbox", "checkbox", "combobox", "grid", "row", "columnheader",
    "slider", "dialog", "image", "img", "region", "navigation", "complementary", "form", "progressbar", "Iframe", "heading",
    "DisclosureTriangle", "Video", "Audio"];

// What a browser logs of an answer with a status that is no success. Pages cannot hinder it; whether the page took the
// answer well is looked at in the scene.
const isAnswer = (text) => text.startsWith("Failed to load resource:");

export class Visitor {
    complaints = []; // errors of the console, of scripts, and of what the page may load
    requests = []; // { method, path, status } of all that the page asked

    // With a token in the session, if one is given.
    static async arrive(browser, server, { size = WIDE, scheme = "light", token = null, place = "#/stores" } = {}) {
        const visitor = new Visitor();
        const context = await browser.newContext({ viewport: size, colorScheme: scheme, acceptDownloads: true,
            reducedMotion: "reduce",
            locale: "en-GB", timezoneId: "UTC", permissions: ["clipboard-read", "clipboard-write"] });
        Object.assign(visitor, { server, context });
        await context.addInitScript(() => {
            document.addEventListener("securitypolicyviolation",
                (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
            self.longest = 0;
            new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) =>
                { self.longest = Math.max(self.longest, duration); }))
                .observe({ type: "longtask", buffered: true });
        });
        if (token !== null)
            await context.addInitScript((text) => sessionStorage.setItem("cairn-token", text), token);
        await visitor.open(place);
        return visitor;
    }

    // The console in a new tab; one that was open is closed.
    async open(place) {
        await this.page?.close();
        this.page = await this.context.newPage();
        this.page.setDefaultTimeout(30000);
        this.#listen();
        await this.page.goto(`${this.server}/console/${place}`);
        await this.page.waitForSelector("main h1", { state: "attached" }); // an object may cover it
    }

    // A tab more, beside the one that is open: its page.
    async another(place) {
        const page = await this.context.newPage();
        page.setDefaultTimeout(30000);
        this.#listen(page);
        await page.goto(`${this.server}/console/${place}`);
        await page.waitForSelector("main h1", { state: "attached" }); // an object may cover it
        return page;
    }

    #listen(page = this.page) {
        page.on("console", (message) => {
            if (message.type() === "error" && !isAnswer(message.text()))
                this.complaints.push(message.text());
        });
        page.on("pageerror", (error) => this.complaints.push(error.stack));
        page.on("response", (response) => {
            const { pathname, search } = new URL(response.url());
            this.requests.push({ method: response.request().method(), path: pathname + search,
                status: response.status(), range: response.request().headers().range });
        });
    }

    // As when somebody looks at another tab, and comes back. Without a screen browsers take all their tabs for seen.
    hide(page, hidden) {
        return page.evaluate((value) => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
            document.dispatchEvent(new Event("visibilitychange"));
        }, hidden);
    }

    async leave() {
        await this.context.close();
    }

    // ---- getting about -----------------------------------------------------------------------------

    async go(place) {
        await this.page.evaluate((hash) => { location.hash = hash; }, place);
    }

    get main() {
        return this.page.locator("main");
    }

    button(name, within = this.page) {
        return within.getByRole("button", { name, exact: true });
    }

    get grid() {
        return this.main.getByRole("grid");
    }

    // The row whose name is this text.
    row(name) {
        return this.grid.locator(".rows .row:not([hidden])").filter({ has: this.page.locator(".text",
            { hasText: new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`) }) });
    }

    names() {
        return this.grid.locator(".rows .row:not([hidden]) .text").allTextContents();
    }

    // Waits until the rows are these, and tells whether they are.
    async sees(names) {
        return this.page.waitForFunction((wanted) =>
            [...document.querySelectorAll("main [role=grid] .rows .row:not([hidden]) .text")]
                .map((row) => row.textContent).join() === wanted, names.join()).then(() => true, () => false);
    }

    get panel() {
        return this.page.getByRole("complementary", { name: "Object" });
    }

    get dialog() {
        return this.page.getByRole("dialog");
    }

    // What is asked about files whose keys are taken.
    get question() {
        return this.page.getByRole("region", { name: "Uploads" }).getByRole("group", { name: "is there already" });
    }

    // Whether that has the focus.
    has(locator) {
        return locator.evaluate((element) => element === document.activeElement);
    }

    // The heading of the dialog that lies in front of everything else.
    front() {
        return this.page.evaluate(() => document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest("dialog")
            ?.querySelector("h2").textContent);
    }

    async fact(name) {
        return this.panel.locator(`dt:text-is("${name}") + dd`).textContent();
    }

    // The notice that says this, which is then dismissed, unless its time has passed.
    async told(text) {
        const notice = this.page.locator(".notice", { hasText: text }).first();
        await notice.waitFor();
        await this.button("Dismiss this message", notice).click({ timeout: 8000 }).catch(() => {});
    }

    async download(act) {
        const [download] = await Promise.all([this.page.waitForEvent("download"), act()]);
        return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
    }

    clipboard() {
        return this.page.evaluate(() => navigator.clipboard.readText());
    }

    // Files and folders of this machine are dropped on an element, as a hand with a mouse would.
    async drop(paths, target) {
        const box = await target.boundingBox(), session = await this.context.newCDPSession(this.page);
        const at = { x: box.x + box.width / 2, y: box.y + box.height / 2,
            data: { items: [], files: paths, dragOperationsMask: 1 } };
        for (const type of ["dragEnter", "dragOver", "drop"])
            await session.send("Input.dispatchDragEvent", { type, ...at });
        await session.detach();
    }

    // ---- what is looked at -------------------------------------------------------------------------

    async picture(name) {
        const session = await this.context.newCDPSession(this.page);
        const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 85 });
        await session.detach();
        await mkdir(PICTURES, { recursive: true });
        await writeFile(join(PICTURES, `${name}.webp`), data, "base64");
    }

    // What screen readers would say of a control is its role and nothing else: what the browser's own tree of
    // accessibility has of it.
    async nameless() {
        const session = await this.context.newCDPSession(this.page);
        const { nodes } = await session.send("Accessibility.getFullAXTree");
        await session.detach();
        const named = nodes.filter(({ ignored, role }) => !ignored && NAMED.includes(role?.value));
        return { count: named.length, without: named.filter(({ name }) => !name?.value?.trim())
            .map(({ role, properties }) => `${role.value} ${JSON.stringify(properties?.map((one) => one.name))}`) };
    }

    // What axe-core finds. The policy of the page allows no script but its own, so the test's is brought in by the
    // browser's own means.
    async flaws() {
        const session = await this.context.newCDPSession(this.page), source = await readFile(AXE, "utf8");
        await session.send("Runtime.evaluate", { expression: source });
        await session.detach();
        const { violations } = await this.page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
        return violations.map(({ id, impact, nodes }) =>
            `${id} (${impact}): ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
    }
}
