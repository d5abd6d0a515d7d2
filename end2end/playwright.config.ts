// The browser tests: the real server and a real PostgreSQL, in the system's Chromium.
import { defineConfig, devices } from "@playwright/test";

const chromium = {
  ...devices["Desktop Chrome"],
  channel: undefined,
  viewport: { width: 1280, height: 800 },
  launchOptions: {
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
};

export default defineConfig({
  testDir: ".",
  outputDir: "out",
  globalSetup: "./support/stage.ts",
  // One server and one store for all of them.
  workers: 1,
  forbidOnly: true,
  retries: 0,
  timeout: 30_000,
  reporter: "line",
  use: {
    // The stage sets it; the workers read this file after that.
    baseURL: process.env.STAGE_URL,
    trace: "retain-on-failure",
  },
  projects: [
    { name: "hydrated", use: chromium },
    {
      // Forms and lists work without a script. What cannot is in files named `*.hydrate.spec.ts`.
      name: "no-js",
      testIgnore: /hydrate/,
      use: { ...chromium, javaScriptEnabled: false },
    },
  ],
});
