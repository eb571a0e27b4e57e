import { createSignal } from "solid-js";
import type { Interview } from "../engine/interview.ts";
import { nameOf, type UploadNode } from "../engine/nodes.ts";

const TYPES: readonly (readonly [type: string, extension: string])[] = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/mp4", "m4a"],
  ["audio/ogg;codecs=opus", "ogg"],
];
const PART_MS = 5000;

/** Whether this browser can record. */
export function canRecord(): boolean {
  return typeof MediaRecorder !== "undefined" && navigator.mediaDevices?.getUserMedia !== undefined;
}

function chosenType(): readonly [string, string] {
  return TYPES.find(([type]) => MediaRecorder.isTypeSupported(type)) ?? ["", "bin"];
}

interface Running {
  stop: () => Promise<void>;
}

/** Records, and hands each part over as it comes; `stop` resolves when the last one was handed over. */
async function run(type: string, take: (part: Blob) => void): Promise<Running> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true } });
  // Speech needs little: 24 kbit/s, one channel, about 11 MB an hour.
  const recorder = new MediaRecorder(stream, { audioBitsPerSecond: 24_000, ...(type === "" ? {} : { mimeType: type }) });
  recorder.ondataavailable = (event) => take(event.data);
  recorder.start(PART_MS);
  const stop = async () => {
    await new Promise<void>((resolve) => {
      recorder.onstop = () => resolve();
      recorder.stop();
    });
    for (const track of stream.getTracks()) track.stop();
  };
  return { stop };
}

/** The one recording of an interview. It goes on while the pages are turned, until it is stopped or the form is left. */
export interface Recorder {
  /** The question that is being recorded for, or null (reactive). */
  node: () => UploadNode | null;
  seconds: () => number;
  start: (node: UploadNode) => Promise<void>;
  stop: () => Promise<void>;
}

export function createRecorder(interview: Interview, fileName: (question: string, extension: string) => string): Recorder {
  const [node, setNode] = createSignal<UploadNode | null>(null);
  const [seconds, setSeconds] = createSignal(0);
  let end: (() => Promise<void>) | null = null;

  const start = async (target: UploadNode) => {
    await end?.();
    const [type, extension] = chosenType();
    const file = { name: fileName(nameOf(target), extension), type: type.split(";")[0] ?? "" };
    const kept = interview.keepParts(target, file);
    const running = await run(type, kept.add);
    setSeconds(0);
    setNode(target);
    const timer = setInterval(() => setSeconds((passed) => passed + 1), 1000);
    end = async () => {
      end = null;
      clearInterval(timer);
      await running.stop();
      await kept.finish();
      setNode(null);
    };
  };
  return { node, seconds, start, stop: async () => await end?.() };
}

export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
