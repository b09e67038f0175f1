// `cutgpu web`: pages in a browser, served on the loopback interface until Ctrl-C.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { CutgpuError } from "../../../engine/lib/errors.js";
import { packageRoot } from "../../files/package-root.js";
import { group } from "../../options/common-options.js";
import { completeOptions, flag, option, wholeNumber } from "../../options/schema.js";
import { buildPages, type Page, pagesFolder } from "../../web/build.js";
import { servePages } from "../../web/server.js";
import { type Command, defineCommand, print, printError } from "../terminal/index.js";

const schema = v.strictObject({
  port: option(group, wholeNumber({ min: 0, max: 65535 }), 4173, "the port to listen on; 0 takes a free one"),
  open: option(group, flag(), false, "open the page in the browser"),
});

/** The command that serves these pages; in a clone, where sources may be newer than what was built, it builds them. */
export function webCommand(pages: readonly Page[]): Command<typeof schema> {
  return defineCommand({
    usage: "[--port N] [--open]",
    options: schema,
    async run(given, { signal }) {
      const { port, open } = completeOptions(schema, given);
      const fallback = given.port === undefined ? 0 : undefined;
      const folder = pagesFolder();
      const built = pages.every((page) => existsSync(join(folder, page.folder, "index.html")));
      if (!built || existsSync(join(packageRoot(), pages[0].sources))) await build(pages, folder);
      const server = await servePages(folder, port, fallback);
      // Ctrl-C may have come while the page was built.
      if (!signal.aborted) {
        print(`${server.url}\n`);
        printError("serving the page on this machine only; Ctrl-C ends it\n");
        if (open) openBrowser(server.url);
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      }
      await server.close();
    },
  });
}

async function build(pages: readonly Page[], folder: string): Promise<void> {
  printError("building the page ...\n");
  try {
    await buildPages(pages, folder);
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0];
    throw new CutgpuError("BUILD", `the page could not be built (${reason});`, "install the package again.");
  }
}

function openBrowser(url: string): void {
  const [command, ...args] = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] }[process.platform as string] ?? [
    "xdg-open",
  ];
  // Without such a program the user opens the printed address.
  spawn(command, [...args, url], { stdio: "ignore", detached: true })
    .on("error", () => undefined)
    .unref();
}
