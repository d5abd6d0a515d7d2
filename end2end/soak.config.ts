// `make soak`: the kill test for an hour or two, with several people at work.
import browserTests from "./playwright.config";

const [{ use }] = browserTests.projects!;

export default {
  ...browserTests,
  testDir: "./soak",
  testMatch: "*.soak.ts",
  reporter: "./soak/report.ts",
  use: { ...browserTests.use, trace: "off" },
  projects: [{ name: "soak", use }],
};
