// From a command line to a command and an exit status, and what is printed of mistakes, failures and help.
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import { type CommandContext, defineCommand, dispatch, Interruption } from "../../../../cut/cli/terminal/index.js";
import { completeOptions, flag, option, required, text, wholeNumber } from "../../../../cut/options/schema.js";
import { CutgpuError } from "../../../../engine/lib/errors.js";

/** Runs `argv` on a command `fake` that does `work`. */
async function fakeRun(argv: string[], work: (given: object, context: CommandContext) => Promise<void>, debug = false) {
  const out: string[] = [];
  const err: string[] = [];
  const stop = new AbortController();
  const fake = defineCommand({
    usage: "--in FILE",
    options: v.strictObject({
      in: required("Files", text("FILE"), "what to read"),
      size: option("Files", wholeNumber({ min: 1 }), 8, "how large"),
      loud: option("Files", flag(), false, "say more"),
    }),
    run: async (given, context) => {
      completeOptions(fake.options, given);
      await work(given, context);
    },
  });
  const status = await dispatch(argv, {
    about: "a pretence",
    commands: { fake: { summary: "pretend", load: async () => ({ default: fake }) } },
    version: "1.2.3",
    signal: stop.signal,
    width: 80,
    debug,
    print: (line) => out.push(line),
    printError: (line) => err.push(line),
  });
  return { status, out: out.join(""), err: err.join(""), stop };
}

const nothing = async () => {};

test("a job that was done ends with 0", async () => {
  let seen: object = {};
  const { status, err } = await fakeRun(["fake", "--in", "x"], async (given) => {
    seen = given;
  });
  assert.equal([status, err, seen], [0, "", { in: "x" }]);
});

test("a command line that makes no sense ends with 2", async () => {
  assert.equal(await fakeRun(["fake", "--sice", "1"], nothing).then(({ status, err }) => [status, err]), [
    2,
    "cutgpu fake: there is no option --sice, did you mean --size?\n",
  ]);
  assert.equal(await fakeRun(["fkae"], nothing).then(({ status, err }) => [status, err]), [
    2,
    "cutgpu: there is no command fkae, did you mean fake?\n",
  ]);
  const { status, err } = await fakeRun(["test"], nothing);
  assert.equal([status, err], [2, "cutgpu: there is no command test: test.py is cutgpu translate.\n"]);
  const missing = await fakeRun(["fake"], nothing);
  assert.equal([missing.status, missing.err], [2, "cutgpu fake: --in is missing: what to read.\n"]);
  assert.is((await fakeRun([], nothing)).status, 2);
  assert.is((await fakeRun(["constructor"], nothing)).status, 2);
});

test("a job that failed ends with 1 and one error message", async () => {
  const known = await fakeRun(["fake", "--in", "x"], async () => {
    throw new CutgpuError("X", "x is empty;", "put pictures into it.");
  });
  assert.equal([known.status, known.err], [1, "cutgpu fake: x is empty; put pictures into it.\n"]);
  const full = await fakeRun(["fake", "--in", "x"], async () => {
    throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC", syscall: "write", path: "/out/a.png" });
  });
  assert.equal(
    [full.status, full.err],
    [1, "cutgpu fake: cannot write /out/a.png: the disk is full; free some space and run again.\n"],
  );
});

test("a defect says so, with its stack only on demand", async () => {
  const broken = async () => {
    throw new TypeError("x is not\n a function");
  };
  const plain = await fakeRun(["fake", "--in", "x"], broken);
  assert.is(plain.status, 1);
  assert.is(
    plain.err,
    "cutgpu fake: x is not a function; this is a defect: run again with CUTGPU_DEBUG=1 for details.\n",
  );
  assert.match((await fakeRun(["fake", "--in", "x"], broken, true)).err, /\n {4}at /);
});

test("an interrupted job ends with the status of the signal", async () => {
  const stop = new AbortController();
  const entry = defineCommand({
    usage: "",
    options: v.strictObject({}),
    run: async (_, { signal }) => {
      stop.abort(new Interruption("SIGTERM"));
      signal.throwIfAborted();
    },
  });
  const status = await dispatch(["wait"], {
    about: "",
    commands: { wait: { summary: "wait", load: async () => ({ default: entry }) } },
    version: "",
    signal: stop.signal,
    width: 80,
    debug: false,
    print: () => {},
    printError: (line) => assert.unreachable(line),
  });
  assert.is(status, 143);
});

test("sizes that no memory holds are no defect", async () => {
  const huge = await fakeRun(["fake", "--in", "x"], async () => void new Float32Array(2 ** 45));
  assert.equal([huge.status, /lower them\.$/m.test(huge.err), /defect/.test(huge.err)], [1, true, false]);
});

test("control characters in an error are shown, and it stays one line", async () => {
  const named = await fakeRun(["fake", "--in", "x"], async () => {
    throw new CutgpuError("X", "there is no \u001b[2Ja\nb.png", "check it.");
  });
  assert.is(named.err, "cutgpu fake: there is no \\u001b[2Ja\\u000ab.png; check it.\n");
});

test("help lists commands and options without running anything", async () => {
  const general = await fakeRun(["--help"], nothing);
  assert.is(general.status, 0);
  assert.match(general.out, /fake {2,}pretend/);
  const help = await fakeRun(["fake", "--in", "x", "--help"], () => Promise.reject(new Error("it ran")));
  assert.is(help.status, 0);
  assert.match(help.out, /--in FILE {2,}what to read \(required\)/);
  assert.match(help.out, /--size N {2,}how large \(default 8\)/);
  assert.equal(await fakeRun(["help", "fake"], nothing).then(({ status, out }) => [status, out]), [0, help.out]);
  assert.is((await fakeRun(["help"], nothing)).out, general.out);
  assert.match((await fakeRun(["help", "fkae"], nothing)).err, /there is no command fkae, did you mean fake\?/);
  assert.match((await fakeRun(["--version"], nothing)).out, "1.2.3");
});

test.run();
