// `cutgpu web`: prints its address, and serves until Ctrl-C.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { assertRefused, cutgpu } from "../../../support/command.js";

const test = suite("cutgpu web");

test("the command prints the address and ends with Ctrl-C; a port that is taken is told", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const result = await cutgpu(["web", "--port", "0"], {
    onStart: (child) => {
      child.stdout?.once("data", () => setTimeout(() => child.kill("SIGINT"), 100));
    },
  });
  assert.match(result.stdout, /^http:\/\/127\.0\.0\.1:\d+\/\n$/);
  assert.is(result.status, 130);
  assertRefused(await cutgpu(["web", "--port", String(port)]), 1, /port \d+ is taken; choose another with --port/);
  other.close();
});

test("Ctrl-C while the page is built ends the command", async () => {
  const result = await cutgpu(["web", "--port", "0"], {
    onStart: (child) => {
      child.stderr?.once("data", () => child.kill("SIGINT"));
    },
  });
  assert.match(result.stderr, "building the page");
  assert.is(result.stdout, "");
  assert.is(result.status, 130);
});

test.run();
