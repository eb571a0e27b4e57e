import { createContext, useContext } from "solid-js";
import type { Interview } from "../engine/interview.ts";
import type { Recorder } from "./recorder.ts";

/** What every widget of an open interview needs. */
export interface FormContext {
  interview: Interview;
  recorder: Recorder;
  /** Words that differ by person, put into labels when they are shown. */
  display: (words: string) => string;
  /** A name for a file that belongs to this question, unique in the interview. */
  fileName: (question: string, extension: string) => string;
  /** Words stamped into the corner of a photo. */
  stamp: () => string;
  /** Whether the rules of this question are to be held against its answer now. */
  isTried: (nodeId: string) => boolean;
  /** The question that was filled before the form opened, and is not asked. */
  isPreset: (nodeset: string) => boolean;
  /** Whether digits choose options. */
  keyboard: boolean;
}

const Context = createContext<FormContext>();
export const FormProvider = Context.Provider;

export function useForm(): FormContext {
  const form = useContext(Context);
  if (form === undefined) throw new Error("a widget stands outside a form");
  return form;
}
