// The console in a real Chromium, against a real server:
//
//     node console.mjs CAIRND [SCENE…]
//
// Pictures of each view are left in CONSOLE_PICTURES; CONSOLE_OBJECTS says how many objects are many (1,000,000), and
// CONSOLE_SAVED_MIB how large a large download is (1024).

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as browse from "./browse.mjs";
import { Cairn } from "./cairn.mjs";
import { killAll } from "./cairnd.mjs";
import { Checks } from "./checks.mjs";
import * as choosing from "./choosing.mjs";
import * as entering from "./entering.mjs";
import * as granting from "./granting.mjs";
import * as limits from "./limits.mjs";
import * as losing from "./losing.mjs";
import * as moving from "./moving.mjs";
import * as naming from "./naming.mjs";
import * as ranging from "./ranging.mjs";
import * as repeating from "./repeating.mjs";
import * as saving from "./saving.mjs";
import * as selecting from "./selecting.mjs";
import * as telling from "./telling.mjs";
import * as uploading from "./uploading.mjs";
import * as turning from "./turning.mjs";
import { Visitor, launch } from "./visitor.mjs";
import * as watching from "./watching.mjs";

const wanted = process.argv.slice(3);
const checks = new Checks("console");
const folder = await mkdtemp(join(tmpdir(), "cairn-console-"));
const browser = await launch();

async function play(scene, stage) {
    if (wanted.length > 0 && !wanted.includes(scene.name))
        return;
    const began = performance.now();
    await checks.run(scene, stage);
    console.log(`  ${scene.name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

try {
    const cairn = await Cairn.start(join(folder, "data"));
    const server = `http://127.0.0.1:${cairn.port}`;
    await browse.furnish({ server });
    const visitor = await Visitor.arrive(browser, server);
    const scenes = [browse.stores, browse.folders, browse.previews, browse.seeking, browse.actions, browse.several,
        choosing.crowded, choosing.own, choosing.copying, browse.awkward, browse.keyboard, naming.spelled,
        naming.named, naming.long, naming.overlong, naming.typed, naming.isolated, uploading.files, uploading.conflicts,
        uploading.retried, uploading.unreadable, uploading.broken, uploading.withdrawn, uploading.turned,
        uploading.late, uploading.asked, uploading.identical, uploading.left,
        uploading.foot, uploading.resumed, uploading.mistaken, uploading.twice, uploading.below, uploading.unsteady,
        uploading.thousands, uploading.flat, uploading.stacked, uploading.aside, uploading.still, uploading.asleep,
        uploading.namesakes, uploading.roomy, uploading.occupied, uploading.partly, uploading.sought,
        losing.remembered, losing.spared, losing.unlocked, losing.untold, losing.fronted, losing.halfway, losing.continued, losing.slashed,
        repeating.repeated, repeating.doubted, repeating.receipted, repeating.patient,
        watching.plots, watching.feed, watching.restarted,
        watching.hidden, watching.windows, watching.overslept, watching.anew, watching.again, watching.setBack, watching.steady, watching.deleted, telling.kinds, telling.refusals,
        telling.notices, telling.bodiless, telling.missed, moving.moved, saving.saving, entering.rights, limits.limits,
        granting.offers, granting.makers, granting.given, turning.calledOff, turning.replaced, turning.reconsidered, turning.fewer,
        turning.crafted, turning.leaving, turning.unknown, turning.packed, turning.drawn, turning.mixed, turning.soundless, turning.squeezed,
        ranging.renewed, ranging.hurried, ranging.stopped, selecting.far, selecting.raced, selecting.tangled, selecting.vanished, selecting.away, selecting.twofold, selecting.covered,
        selecting.passedOn, selecting.counted, selecting.withheld, entering.astray, entering.planted, entering.expired, entering.apart, entering.enlarged, entering.contrasted, entering.held,
        entering.everybody, entering.paint, watching.endless];
    for (const scene of scenes)
        await play(scene, { checks, visitor, browser, cairn, server, folder });
    checks.check("the browser has nothing to complain about", visitor.complaints.length === 0, visitor.complaints);
    await cairn.stop();
} finally {
    await browser.close();
    killAll();
    await rm(folder, { recursive: true, force: true });
}
checks.end();
