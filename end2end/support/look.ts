// How a page looks: pictures of it on a large and a small screen, light and dark, and what axe finds.
import { AxeBuilder } from "@axe-core/playwright";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Page, expect } from "@playwright/test";

const OUT = join(import.meta.dirname, "../out/look");
const LARGE = { width: 1280, height: 800 };
const SMALL = { width: 390, height: 844 };

/** Two sizes, two schemes; nothing is wider than the screen and axe finds nothing. */
export async function look(page: Page, name: string): Promise<void> {
  mkdirSync(OUT, { recursive: true });
  const findings: string[] = [];
  for (const [size, viewport] of Object.entries({ large: LARGE, small: SMALL })) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => scrollTo(0, 0));
      await page.screenshot({ path: join(OUT, `${name}-${size}-${colorScheme}.png`), fullPage: true });
      // The colours of a dark page are those of the large one.
      if (size === "small" && colorScheme === "dark") continue;
      const { violations } = await new AxeBuilder({ page }).analyze();
      for (const { id, nodes } of violations) {
        findings.push(...nodes.map((node) => `${size} ${colorScheme}: ${id}: ${node.target.join(" ")}: ${node.failureSummary}`));
      }
    }
    const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (tooWide > 0) findings.push(`${size}: ${tooWide} px wider than the screen`);
  }
  await page.setViewportSize(LARGE);
  await page.emulateMedia({ colorScheme: "light" });
  expect.soft(findings, name).toEqual([]);
}
