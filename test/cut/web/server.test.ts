// The server of pages: the files of one folder, to this machine only.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type PagesServer, servePages } from "../../../cut/web/server.js";

const test = suite<{ folder: string; server: PagesServer }>("the server of pages");

test.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), "cutgpu-web-"));
  const page = join(context.folder, "page");
  mkdirSync(join(page, "examples"), { recursive: true });
  writeFileSync(join(page, "index.html"), "<!doctype html><title>page</title>");
  writeFileSync(join(page, "app.js"), "export {};");
  writeFileSync(join(page, "examples", "a b.png"), "picture");
  writeFileSync(join(context.folder, "secret"), "secret");
  symlinkSync(join(context.folder, "secret"), join(page, "link"));
  context.server = await servePages(page, 0);
});
test.after(async ({ folder, server }) => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Asks for a path as it is written: fetch would tidy it up. */
function ask(
  server: PagesServer,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status?: number; type?: string; text: string }> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    get({ hostname, port, path, headers }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, type: response.headers["content-type"], text }));
    }).on("error", reject);
  });
}

test("files come with their types", async ({ server }) => {
  const page = await ask(server, "/");
  assert.equal([page.status, page.type], [200, "text/html; charset=utf-8"]);
  assert.match(page.text, /<title>page/);
  assert.is((await ask(server, "/app.js?v=1")).type, "text/javascript; charset=utf-8");
  assert.is((await ask(server, "/examples/a%20b.png")).type, "image/png");
});

test("a page may load from here alone, and no script that is not a file", async ({ server }) => {
  const { headers } = await fetch(server.url);
  const policy = headers.get("content-security-policy") ?? "";
  assert.match(policy, "default-src 'self'");
  assert.not.match(policy, /script-src|default-src[^;]*unsafe|https?:/);
});

test("a port that is taken is refused, or another one used", async ({ folder, server }) => {
  const taken = Number(new URL(server.url).port);
  await servePages(folder, taken).then(
    () => assert.unreachable(),
    ({ message, fix }) => assert.match(`${message} ${fix}`, /port \d+ is taken; choose .*, or --port 0 for a free one/),
  );
  const other = await servePages(folder, taken, 0);
  assert.is.not(other.url, server.url);
  await other.close();
});

test("nothing outside of the folder is served", async ({ server }) => {
  for (const path of [
    "/../secret",
    "/%2e%2e/secret",
    "/..%2fsecret",
    "/examples/../../secret",
    "/link",
    "/examples",
    "/%00",
    "/%zz",
    "//secret",
  ]) {
    const { status, text } = await ask(server, path);
    assert.is(status, 404, path);
    assert.not.match(text, /^secret/);
  }
});

test("only this machine is answered, whatever name is made to point to it", async ({ server }) => {
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  assert.is((await ask(server, "/", { host: "evil.example" })).status, 403);
});

test.run();
