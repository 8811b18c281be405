/**
 * The real Chromium of the system, for what must be shown to work in a page. It promises a browser
 * that asks nobody on the network for anything, and that is gone with the test. A machine without
 * it fails the test, and is told what to install.
 */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

const quiet = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
];

export async function openChromium(): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error(`${executablePath} is not there: apt-get install chromium`);
  }
  // root has no sandbox to go into
  return chromium.launch({
    executablePath,
    chromiumSandbox: process.getuid?.() !== 0,
    args: quiet,
  });
}
