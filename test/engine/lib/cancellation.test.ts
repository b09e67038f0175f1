// Work with a signal settles as it would without, unless the signal is aborted first: then it rejects with its reason.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { abortable } from "../../../engine/lib/cancellation.js";
import { rejectionOf } from "../../support/gpu.js";

const test = suite("cancellation");

const never = () => new Promise<never>(() => {});

test("work settles as it does without a signal", async () => {
  const { signal } = new AbortController();
  const failure = new Error("the work's own");
  for (const given of [undefined, signal]) {
    assert.is(await abortable(Promise.resolve(3), given), 3);
    assert.is(await rejectionOf(abortable(Promise.reject(failure), given)), failure);
  }
});

test("aborting rejects at once with the signal's reason", async () => {
  const stop = new AbortController();
  const rejected = rejectionOf(abortable(never(), stop.signal));
  const reason = new Error("the user went elsewhere");
  stop.abort(reason);
  assert.is(await rejected, reason);
  assert.is(await rejectionOf(abortable(never(), stop.signal)), reason, "and so does a signal that was aborted before");
});

test("nothing stays attached to the signal", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, given);
  };
  signal.removeEventListener = (...given: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, given);
  };
  const work = abortable(Promise.resolve(), signal);
  assert.is(listeners, 1);
  await work;
  assert.is(listeners, 0);
});

test.run();
