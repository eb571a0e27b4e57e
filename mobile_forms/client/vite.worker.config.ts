import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vite";

const built = join(process.env.CLIENT_DIST ?? join(import.meta.dirname, "dist"), "visit");

function programFiles(): string[] {
  return readdirSync(built, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "sw.js")
    .map((entry) => join(entry.parentPath, entry.name).slice(built.length).replaceAll("\\", "/"))
    .sort();
}

function hashOf(files: string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update("\0").update(readFileSync(join(built, file)));
  return hash.digest("hex").slice(0, 16);
}

/** The service worker is built last: its version is the hash of the program that it keeps. */
export default defineConfig(() => {
  const files = programFiles();
  return {
    publicDir: false as const,
    define: {
      __BUILD__: JSON.stringify(hashOf(files)),
      __FILES__: JSON.stringify(files.map((file) => (file === "/index.html" ? "/visit/" : `/visit${file}`))),
    },
    build: {
      target: "es2022",
      outDir: built,
      emptyOutDir: false,
      lib: { entry: "src/sw/sw.ts", formats: ["iife" as const], name: "worker", fileName: () => "sw.js" },
    },
  };
});
