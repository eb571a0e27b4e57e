import { render } from "solid-js/web";
import { Desk } from "../desk/Desk.tsx";
import { trialOf } from "./open.ts";
import { Tried } from "./Tried.tsx";

const mount = document.getElementById("interview");
if (mount !== null) {
  const trial = trialOf(mount);
  const subject = { household: trial.number, staffNo: trial.staffNo };
  render(() => <Tried trial={trial} view={(interview, end) => <Desk subject={subject} interview={interview} mount={mount} finish={end} tried={true} />} />, mount);
}
