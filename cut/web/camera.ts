// The camera through the model, as fast as the GPU allows: one frame at a time, and frames that arrive meanwhile are
// skipped, so that nothing queues up. Frames go from the video to the shown canvas without leaving the GPU, and no
// buffers are allocated after the first one: the translator is recorded once per size, and canvases are reused.
import { CutgpuError } from "../../engine/lib/errors.js";
import { byId, showBytes, showMilliseconds } from "./dom.js";
import { tellError } from "./messages.js";
import type { Session } from "./session.js";

/** The longer side of frames where none is chosen. */
const SIDE = { gpu: 256, software: 64 } as const;

export class Camera {
  readonly #session: Session;
  readonly #size: () => number | null;
  readonly #video = byId("camera-video", "video");
  readonly #button = byId("camera", "button");
  readonly #frame = new OffscreenCanvas(1, 1);
  #stream: MediaStream | null = null;
  /** Whether the camera was requested and does not play yet. */
  #starting = false;

  /** `size` gives the longer side that frames are scaled to; null chooses it by the adapter's profile. */
  constructor(session: Session, size: () => number | null) {
    this.#session = session;
    this.#size = size;
  }

  async toggle(): Promise<void> {
    // Of two that are started the button would stop one.
    if (this.#starting) return;
    if (this.#stream) return this.#stop();
    this.#starting = true;
    try {
      await this.#start();
    } finally {
      this.#starting = false;
    }
  }

  async #start(): Promise<void> {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new CutgpuError("CAMERA", "this page may not use a camera;", "open it from https:// or from localhost.");
    }
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 640 }, height: { ideal: 480 } },
      });
    } catch (error) {
      throw cameraError(error);
    }
    for (const track of this.#stream.getTracks()) track.addEventListener("ended", () => this.#stop());
    this.#button.setAttribute("aria-pressed", "true");
    byId("camera-view", "div").hidden = false;
    this.#video.srcObject = this.#stream;
    await this.#video.play();
    this.#run(this.#stream).catch((error: unknown) => {
      this.#stop();
      tellError(error);
    });
  }

  async #run(stream: MediaStream): Promise<void> {
    const video = this.#video;
    const status = byId("camera-status", "p");
    let frames = 0;
    let before = performance.now();
    let interval = 0;
    while (this.#stream === stream) {
      await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
      if (this.#stream !== stream) return;
      const { profile } = await this.#session.gpu();
      const scale = (this.#size() ?? SIDE[profile]) / Math.max(video.videoWidth, video.videoHeight, 1);
      // Multiples of 4 need no padding.
      const side = (pixels: number) => Math.max(8, Math.round((pixels * scale) / 4) * 4);
      const [width, height] = [side(video.videoWidth), side(video.videoHeight)];
      draw(this.#frame, video, width, height);
      const begun = performance.now();
      await this.#session.translateFrame(this.#frame, byId("camera-output", "canvas"));
      const now = performance.now();
      // Only now, so that both sides show the same moment.
      draw(byId("camera-input", "canvas"), this.#frame, width, height);
      frames++;
      interval = frames === 1 ? now - before : 0.9 * interval + 0.1 * (now - before);
      before = now;
      const { liveBytes, liveBuffers, pooledBytes } = (await this.#session.gpu()).memory();
      status.textContent =
        `${(1000 / interval).toFixed(1)} frames per second at ${width} x ${height}, ` +
        `${showMilliseconds(now - begun)} each; ${showBytes(liveBytes)} of GPU memory`;
      Object.assign(status.dataset, { frames, liveBytes, liveBuffers, pooledBytes });
    }
  }

  #stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#video.srcObject = null;
    this.#button.setAttribute("aria-pressed", "false");
  }
}

function draw(
  canvas: HTMLCanvasElement | OffscreenCanvas,
  source: CanvasImageSource,
  width: number,
  height: number,
): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D | null;
  context?.drawImage(source, 0, 0, width, height);
}

function cameraError(error: unknown): CutgpuError {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") {
    return new CutgpuError(
      "CAMERA",
      "the camera was refused;",
      "allow it for this page in the browser's address bar, or drop pictures.",
    );
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") {
    return new CutgpuError("CAMERA", "there is no camera;", "connect one, or drop pictures.");
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new CutgpuError("CAMERA", `the camera could not be started (${reason});`, "close other programs that use it.");
}
