// How the browser is started: as the browser tests start it.
import browserTests from "../../end2end/playwright.config";

export const options = browserTests.projects![0].use!.launchOptions!;
