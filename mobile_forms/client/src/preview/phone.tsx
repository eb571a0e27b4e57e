import "../styles/main.css";
import { render } from "solid-js/web";
import { nodesetOfRole } from "../engine/tags.ts";
import { FormView } from "../widgets/FormView.tsx";
import { trialOf } from "./open.ts";
import { Tried } from "./Tried.tsx";

const mount = document.getElementById("app");
if (mount !== null) {
  const trial = trialOf(mount);
  let files = 0;
  render(
    () => (
      <Tried
        trial={trial}
        view={(interview, end) => (
          <FormView
            interview={interview}
            title={trial.number}
            presetNodeset={nodesetOfRole(interview.form.tags, "case")}
            onePerScreen={false}
            display={(words) => words.replaceAll("{{staff_no}}", trial.staffNo)}
            fileName={(question, extension) => `${question}-${(files += 1)}.${extension}`}
            stamp={() => trial.number}
            finish={end}
            leave={() => void end()}
          />
        )}
      />
    ),
    mount,
  );
}
