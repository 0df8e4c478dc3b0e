// conflict.js - what is to be done where a key is taken: asked once, for all that came together.

import { choose } from "./dialog.js";
import { tell } from "./spelling.js";
import { words } from "./words.js";

// "skip", "both" or "replace"; null where nobody has decided.
export const askConflict = (key, text) => choose({ title: words.conflict.title(tell(key.shown)), text,
    choices: [["skip", words.conflict.skip, ""], ["both", words.conflict.both, ""],
        ["replace", words.conflict.replace, "danger"]] });
