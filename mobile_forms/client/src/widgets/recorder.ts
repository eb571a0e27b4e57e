import { createSignal } from "solid-js";
import type { Interview } from "../engine/interview.ts";
import { nameOf, type UploadNode } from "../engine/nodes.ts";

const TYPES: readonly (readonly [type: string, extension: string])[] = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/mp4", "m4a"],
  ["audio/ogg;codecs=opus", "ogg"],
];

/** Whether this browser can record. */
export function canRecord(): boolean {
  return typeof MediaRecorder !== "undefined" && navigator.mediaDevices?.getUserMedia !== undefined;
}

function chosenType(): readonly [string, string] {
  return TYPES.find(([type]) => MediaRecorder.isTypeSupported(type)) ?? ["", "bin"];
}

async function listen(): Promise<MediaStream> {
  return await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true } });
}

function finish(recorder: MediaRecorder): Promise<void> {
  return new Promise((resolve) => {
    recorder.onstop = () => resolve();
    recorder.stop();
  });
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
    const stream = await listen();
    const [type, extension] = chosenType();
    // Speech needs little: 24 kbit/s, one channel, about 11 MB an hour.
    const recorder = new MediaRecorder(stream, { audioBitsPerSecond: 24_000, ...(type === "" ? {} : { mimeType: type }) });
    const parts: Blob[] = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.start(5000);
    setSeconds(0);
    setNode(target);
    const timer = setInterval(() => setSeconds((passed) => passed + 1), 1000);
    end = async () => {
      end = null;
      clearInterval(timer);
      await finish(recorder);
      for (const track of stream.getTracks()) track.stop();
      const name = fileName(nameOf(target), extension);
      await interview.attach(target, new File(parts, name, { type: type.split(";")[0] ?? "" }));
      setNode(null);
    };
  };
  return { node, seconds, start, stop: async () => await end?.() };
}

export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
