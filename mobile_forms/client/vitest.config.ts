import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["solid", "module", "browser", "development"], dedupe: ["solid-js"] },
  ssr: { resolve: { conditions: ["solid", "module", "browser", "development"] } },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    environment: "node",
    // Resolved by our conditions as in the browser's build: one reactive system.
    server: { deps: { inline: [/@getodk/, /solid-js/] } },
  },
});
