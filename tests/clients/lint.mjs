// Lints an OpenAPI file by Redocly's rules: node lint.mjs FILE CONFIGURATION
//
// The library instead of its command line: the library comes with openapi-typescript anyway and runs on older Node.

import { formatProblems, getTotals, lint, loadConfig } from "@redocly/openapi-core";

const [file, configPath] = process.argv.slice(2);
const config = await loadConfig({ configPath });
const problems = await lint({ ref: file, config });
const totals = getTotals(problems);
formatProblems(problems, { format: "stylish", totals, version: "" });
process.exitCode = totals.errors + totals.warnings > 0 ? 1 : 0;
