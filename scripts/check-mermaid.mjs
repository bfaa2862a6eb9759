// Parses every Mermaid diagram in the Markdown files that git knows, or in the files named as arguments.
// Run it as `make nixie`: that brings the packages, which live in npm's cache and not in this repository.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { env, exit, argv } from "node:process";
import { pathToFileURL } from "node:url";

/** Imports a package that `npm exec --package` brought: it adds only their programs' folders to PATH. */
function load(name) {
  for (const bin of env.PATH.split(delimiter).filter((it) => it.endsWith("node_modules/.bin"))) {
    try {
      return import(pathToFileURL(createRequire(join(bin, "..", "any.js")).resolve(name)));
    } catch (error) {
      if (error.code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  console.error(`check-mermaid: needs the npm package ${name}: run it as 'make nixie'`);
  return exit(2);
}

/** The Mermaid blocks of a Markdown text: their first line's number and their source. */
function diagrams(markdown) {
  const found = [];
  let open = null;
  markdown.split(/\r?\n/).forEach((line, index) => {
    const fence = /^[\s>]*(`{3,}|~{3,})\s*(\S*)/.exec(line);
    if (open === null) {
      if (fence) open = { mark: fence[1], mermaid: fence[2] === "mermaid", line: index + 2, source: [] };
    } else if (fence && fence[2] === "" && fence[1].startsWith(open.mark)) {
      if (open.mermaid) found.push(open);
      open = null;
    } else {
      open.source.push(line);
    }
  });
  // Markdown ends an open block with the file.
  if (open?.mermaid) found.push(open);
  return found;
}

const { Window } = await load("happy-dom");
// Mermaid cleans labels with DOMPurify, which asks for a window when it is loaded.
globalThis.window = new Window();
globalThis.document = window.document;
const { default: mermaid } = await load("mermaid");

const named = argv.slice(2);
const listed = () => execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]);
const files = named.length > 0 ? named : listed().toString().split("\0").filter(Boolean);

let [good, bad] = [0, 0];
for (const file of files) {
  for (const { line, source } of diagrams(readFileSync(file, "utf8"))) {
    try {
      await mermaid.parse(source.join("\n"));
      good += 1;
    } catch (error) {
      bad += 1;
      console.error(`${file}:${line}: ${error.message}`);
    }
  }
}
console.log(`Mermaid: ${good} diagrams parse, ${bad} do not, in ${files.length} Markdown files`);
// The window's timers would keep the process alive.
exit(bad === 0 ? 0 : 1);
