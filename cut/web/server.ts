// A server of static files on the loopback interface only (Node's http): a folder, and nothing outside of it.
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, sep } from "node:path";
import { CutgpuError } from "../../engine/lib/errors.js";

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".safetensors": "application/octet-stream",
};

/**
 * The pages may load files of this server and pictures that they made themselves, and may style elements (the charts of
 * bench/web); scripts come from files only, and nothing goes to any other address.
 */
const CONTENT_SECURITY_POLICY = [
  ...["default-src 'self'", "img-src 'self' blob: data:", "style-src 'self' 'unsafe-inline'", "object-src 'none'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join("; ");

export interface PagesServer {
  url: string;
  close(): Promise<void>;
}

/**
 * Serves `folder` at http://127.0.0.1:`port`/; port 0 takes a free one. Where the port is taken, `fallback` is used
 * instead, if given. Throws a CutgpuError where none can be used.
 */
export async function servePages(folder: string, port: number, fallback?: number): Promise<PagesServer> {
  const root = await realpath(folder);
  const server = createServer((request, response) => {
    answer(root, request, response).catch(() => refuse(response, 500, "something went wrong"));
  });
  await listen(server, port).catch((error: unknown) => {
    if (fallback === undefined) throw error;
    return listen(server, fallback);
  });
  const { port: used } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${used}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      const what = taken ? `port ${port} is taken` : `port ${port} cannot be used (${error.message})`;
      reject(new CutgpuError("PORT", `${what};`, "choose another with --port, or --port 0 for a free one."));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405, "only GET is answered");
  // No other host names: another site could point its own at this server (DNS rebinding).
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? "")) {
    return refuse(response, 403, "only this machine is answered");
  }
  const file = await fileOf(root, request.url ?? "/");
  if (!file) return refuse(response, 404, "there is no such file");
  response.writeHead(200, {
    "content-type": types[extname(file.path)] ?? "application/octet-stream",
    "content-length": file.size,
    "cache-control": "no-cache",
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
  });
  if (request.method === "HEAD") return void response.end();
  createReadStream(file.path)
    .on("error", () => response.destroy())
    .pipe(response);
}

/** The file that an address names, or null where there is none inside of the folder. */
async function fileOf(root: string, address: string): Promise<{ path: string; size: number } | null> {
  try {
    const pathname = decodeURIComponent(new URL(`http://localhost${address}`).pathname);
    const path = await realpath(join(root, pathname.endsWith("/") ? `${pathname}index.html` : pathname));
    // After links are resolved: files outside are not served, whatever the address.
    if (!path.startsWith(root + sep)) return null;
    const info = await stat(path);
    return info.isFile() ? { path, size: info.size } : null;
  } catch {
    return null;
  }
}

function refuse(response: ServerResponse, status: number, why: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${why}\n`);
}
