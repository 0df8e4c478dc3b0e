// Scenes of what people are told: refusals in words of theirs, messages that do not pile up, and names for who listens.

import { join } from "node:path";
import { guarded } from "./entering.mjs";
import { ask, batch, list, put } from "./stage.mjs";
import { Visitor } from "./visitor.mjs";

// Each kind of refusal that the server knows has a sentence, and no kind has one that the server does not know.
export async function kinds({ checks, visitor: v }) {
    const file = await (await fetch(`${v.server}/openapi.yaml`)).text();
    const known = new Set([...file.matchAll(/^ *\| \d{3} \| `([a-z-]+)` \|/gm)].map(([, kind]) => kind));
    const told = await v.page.evaluate(async () => 
        Object.keys((await import(new URL("words.js", document.baseURI))).words.refusals));
    checks.check("each kind of refusal has words", known.size > 40 &&
        [...known].every((kind) => told.includes(kind)), [...known].filter((kind) => !told.includes(kind)));
    checks.check("and no other has", told.every((kind) => known.has(kind)), told.filter((kind) => !known.has(kind)));
}

export async function refusals({ checks, visitor: v }) {
    await put(v.server, "photos", "told/one", "1", "text/plain");
    await v.go("#/store/photos/objects/told/?open=/told/one");
    await v.panel.getByRole("heading", { name: "one" }).waitFor();
    await v.button("Rename or move").click();
    await v.dialog.getByRole("button", { name: "Move" }).click();
    const alert = v.dialog.getByRole("alert");
    await alert.getByText("That is the same object").waitFor();
    const detail = alert.getByText("What the server says");
    checks.check("what the server says is not in the way", !await alert.locator("p").isVisible());
    await detail.click();
    checks.check("and can be opened", (await alert.locator("p").textContent()).length > 20 &&
        await alert.locator("p").isVisible(), await alert.textContent());
    await v.page.keyboard.press("Escape");
    await v.page.route("**/objects?*", (route) => route.fulfill({ status: 418, body: "a teapot" }));
    await v.button("Refresh").click();
    await v.main.getByText("The server answered with status 418").waitFor();
    await v.page.unroute("**/objects?*");
    await v.button("Try again").click();
    await v.main.getByText("The server answered with status 418").waitFor({ state: "hidden" });
    await v.row("one").waitFor();
}

const notice = (v) => v.page.locator(".notice");

export async function notices({ checks, visitor: v }) {
    await put(v.server, "photos", "told/one", "1", "text/plain");
    await v.go("#/store/photos/objects/told/");
    await v.row("one").waitFor();
    while (await notice(v).count() > 0)
        await v.button("Dismiss this message", notice(v).first()).click();
    for (let round = 0; round < 3; round++)
        await v.go(`#/store/photos/objects/told/?open=/gone-${round % 2}`).then(() =>
            notice(v).filter({ hasText: round === 0 ? "no such object" : `${round + 1} times` }).waitFor());
    checks.check("what happens again is one message", await notice(v).count() === 1, await notice(v).allTextContents());
    await v.page.evaluate(async () => {
        const { complain, say } = await import(new URL("notice.js", document.baseURI));
        for (let number = 0; number < 30; number++)
            if (number % 3 === 0)
                say(`said ${number}`);
            else
                complain(new Error(`failed ${number}`));
    });
    checks.check("there are four at most", await notice(v).count() === 4, await notice(v).count());
    checks.check("they are told politely", await v.page.locator(".notices").getAttribute("aria-live") === "polite" &&
        await v.page.locator(".notices [role=alert], .notices [role=status]").count() === 0);
    const flaws = await v.flaws();
    checks.check("nothing for axe about messages", flaws.length === 0, flaws);
    for (let left = 3; left >= 0; left--) {
        await v.page.keyboard.press("Escape");
        checks.check(`Escape dismisses the newest: ${left} left`, await notice(v).count() === left);
    }
    await v.row("one").getByRole("checkbox").click();
    await v.grid.focus();
    await v.page.keyboard.press("Escape");
    checks.check("and selects nothing where there is none",
        await v.page.getByText("1 entry selected").isHidden());
}

const gone = { object: "There is no such object any more", store: "There is no such store any more" };

// Answers to HEAD have no body: what is wrong is told in words all the same, and where one looks for it.
export async function bodiless({ checks, browser, folder }) {
    const { life, server } = await guarded(join(folder, "bodiless"), []), place = "#/store/photos/objects/tenant/";
    const v = await Visitor.arrive(browser, server, { token: "tenant", place: `${place}?open=/other` });
    await v.told("This token may not do that here");
    for (const [what, path] of [["object", "/objects/tenant/a.png"], ["store", "?force=true"]]) {
        await v.page.route("**/objects/tenant/*.png", async (route) => {
            if (route.request().method() === "HEAD")
                await ask(server, "DELETE", `/v1/stores/photos${path}`, { token: "all" });
            await route.continue();
        });
        await v.go(`${place}?open=/tenant/${what === "object" ? "a" : "b"}.png`);
        await v.panel.locator(".preview").getByText(gone[what]).waitFor();
        checks.check(`that the ${what} is gone stands in the place of what it looks like`,
            await v.page.locator(".notice").count() === 0, await v.page.locator(".notice").allTextContents());
        await v.page.unroute("**/objects/tenant/*.png");
        await v.button("Close the object").click();
        if (what === "object")
            await ask(server, "PUT", "/v1/stores/photos/objects/tenant/b.png",
                { token: "all", body: "x", headers: { "Content-Type": "image/png" } });
    }
    checks.check("the browser has nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    await life.end("SIGTERM");
}

// What somebody else has deleted meanwhile is neither saved nor deleted, and said to be gone.
export async function missed({ checks, browser, server, folder }) {
    await batch(server, "photos", ["one", "two", "three", "four"].map((key) =>
        ({ op: "put", key: `missed/${key}`, data: "eA==" })));
    const remove = (key) => ask(server, "DELETE", `/v1/stores/photos/objects/missed/${key}`);
    const v = await Visitor.arrive(browser, server, { place: "#/store/photos/objects/missed/?open=/missed/one" });
    await v.panel.getByText("There is no preview of this type").waitFor();
    await remove("one");
    await v.button("Download", v.panel).click();
    await v.told(gone.object);
    await v.button("Delete", v.panel).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.told(gone.object);
    await v.panel.waitFor({ state: "detached" });
    await v.row("one").waitFor({ state: "detached" });
    checks.check("what was gone is not said to be deleted", await v.page.getByText("1 object deleted").count() === 0);
    await v.row("three").getByRole("checkbox").click();
    await v.row("two").getByRole("checkbox").click();
    await remove("two");
    await v.button("Delete", v.main).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.told("All of them are gone, and some were before");
    const left = (await list(server, "photos", "prefix=missed/")).map(({ key }) => key);
    checks.check("those that were there are deleted", left.join() === "missed/four", left);
    await ask(server, "PUT", "/v1/stores/fleeting");
    await put(server, "fleeting", "one", "1");
    await v.go("#/store/fleeting/objects/");
    await v.row("one").waitFor();
    await ask(server, "DELETE", "/v1/stores/fleeting?force=true");
    await v.button("Download as tar").click();
    await v.told(gone.store);
    await v.leave();
    await linked({ checks, browser, folder });
}

// Where the browser saves from a signed link.
async function linked({ checks, browser, folder }) {
    const { life, server } = await guarded(join(folder, "missed"),
        [{ name: "web", secret: "a secret of a link key, long enough" }]);
    const v = await Visitor.arrive(browser, server,
        { token: "reader", place: "#/store/photos/objects/tenant/?open=/tenant/a.png" });
    await v.page.waitForFunction(() => document.querySelector(".preview img")?.naturalWidth === 320);
    await ask(server, "DELETE", "/v1/stores/photos/objects/tenant/a.png", { token: "all" });
    await v.button("Download", v.panel).click();
    await v.told(gone.object);
    checks.check("the browser has nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    await life.end("SIGTERM");
}
