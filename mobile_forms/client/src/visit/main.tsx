import { render } from "solid-js/web";
import { App } from "./App.tsx";
import { applySettings } from "./settings.ts";
import { keepProgram } from "./worker.ts";

applySettings();
const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");
render(() => <App />, root);
keepProgram();
