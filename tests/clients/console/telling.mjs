// Scenes of what people are told: refusals in words of theirs, messages that do not pile up, and names for who listens.

import { put } from "./stage.mjs";

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
    await v.row("one").waitFor();
}

const notice = (v) => v.page.locator(".notice");

export async function notices({ checks, visitor: v }) {
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
    checks.check("nothing serious for axe about messages", flaws.length === 0, flaws);
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
