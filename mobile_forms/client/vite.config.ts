import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";
import solid from "vite-plugin-solid";

const styles = join(import.meta.dirname, "src", "styles");
const DESK = "virtual:desk.css";

/** The widgets' styles for the call desk, held below #interview: the page around it keeps its own. */
function deskStyles(): Plugin {
  const read = (name: string) => readFileSync(join(styles, name), "utf8").replaceAll("./check.svg", join(styles, "check.svg"));
  return {
    name: "desk-styles",
    resolveId: (id) => (id === DESK ? DESK : null),
    load: (id) => {
      if (id !== DESK) return null;
      return `${read("variables.css").replace(":root,\n", "")}\n#interview {\n${["parts.css", "form.css", "desk.css"].map(read).join("\n")}\n}`;
    },
  };
}

/** The Chinese font with which the server prints codes, beside the program: no phone loads it. */
function printFonts(): Plugin {
  const source = join(import.meta.dirname, "node_modules/@expo-google-fonts/noto-sans-sc");
  const target = join(import.meta.dirname, "dist/fonts");
  const files = ["400Regular/NotoSansSC_400Regular.ttf", "700Bold/NotoSansSC_700Bold.ttf", "LICENSE_FONT"];
  return {
    name: "print-fonts",
    closeBundle: () => files.forEach((file) => cpSync(join(source, file), join(target, file.split("/").at(-1)!))),
  };
}

// Every path in `dist` is the path under which the server offers it: the program stands below /visit/.
export default defineConfig({
  base: "/",
  plugins: [solid(), deskStyles(), printFonts()],
  resolve: {
    // One reactive system: the engine's `solid` build shares our solid-js.
    conditions: ["solid", "module", "browser", "production"],
    dedupe: ["solid-js"],
  },
  build: {
    target: "es2022",
    cssTarget: ["chrome94", "safari15"],
    outDir: process.env.CLIENT_DIST ?? "dist",
    emptyOutDir: true,
    assetsDir: "visit/assets",
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: ["visit/index.html", "src/desk/main.tsx", "src/preview/phone.tsx", "src/preview/desk.tsx"],
    },
  },
});
