import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["solid", "module", "browser", "development"] },
  test: { include: ["test/**/*.test.ts"], setupFiles: ["test/setup.ts"], environment: "node" },
});
