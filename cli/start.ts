#!/usr/bin/env node
import { VERSION } from "../lib/version.ts";

// Scripts ask for the version alone: no parser has to be loaded for that, and no engine to be fitted to work.
const words = process.argv.slice(2);
if (words.length === 1 && words[0] === "--version") console.log(VERSION);
else await import("./main.ts");
