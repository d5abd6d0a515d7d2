// `make bench`: the real server, a real PostgreSQL and what Postern is compared with, in the system's Chromium.
import browserTests from "../end2end/playwright.config";

const [{ use }] = browserTests.projects!;

export default {
  testDir: ".",
  testMatch: "*.bench.ts",
  outputDir: "out",
  globalSetup: "./support/stage.ts",
  // One thing at a time: the machine measures.
  workers: 1,
  forbidOnly: true,
  timeout: 20 * 60_000,
  reporter: "./support/report.ts",
  projects: [{ name: "bench", use }],
};
