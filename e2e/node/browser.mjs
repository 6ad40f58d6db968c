// A person at a browser: opens an address, logs in, agrees, and reads what it says in the end.
//
//   node browser.mjs login URL EMAIL [SCREENSHOT]     log in and agree
//   node browser.mjs deny URL EMAIL                   log in, then refuse
//   node browser.mjs device URL EMAIL                 the same for a code that was typed on another device
//   node browser.mjs deny-device URL EMAIL            the same, then refuse
//   node browser.mjs elsewhere URL EMAIL              log in where nobody listens for the browser that comes back
//   node browser.mjs demo URL EMAIL                   log in at the identity provider of `rung demo`
//   node browser.mjs open URL [SCREENSHOT]            open the address only
//
// prints one line of JSON: the address, title and text of the last page, its status and headers, and
// what it loaded.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { chromium } from 'playwright-core';

const [action, url, ...rest] = process.argv.slice(2);
const quiet = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

const profile = mkdtempSync(join(tmpdir(), 'browser-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: quiet,
  // The provider's certificate comes from the test; the programs under test check it, the browser need not.
  ignoreHTTPSErrors: true,
});
try {
  context.setDefaultTimeout(30_000);
  const page = context.pages()[0] ?? await context.newPage();
  const loaded = [];
  let last;
  page.on('request', (request) => {
    const isPage = request.isNavigationRequest() && request.frame() === page.mainFrame();
    if (isPage) loaded.length = 0;
    loaded.push(request.url());
  });
  page.on('response', (response) => { if (response.request().isNavigationRequest()) last = response; });
  // The provider's own pages ask for fonts from elsewhere; nothing here leaves this machine.
  await context.route((address) => !['localhost', '127.0.0.1'].includes(address.hostname), (route) => route.abort());

  await page.goto(url);
  if (action === 'demo') {
    await page.click(`button[value="${rest.shift()}"]`);
    await page.waitForURL((address) => address.searchParams.has('code'));
  } else if (action !== 'open') {
    const email = rest.shift();
    const isDevice = action.endsWith('device');
    if (isDevice) await page.click('button[type=submit]');
    await page.fill('input[name=login]', email);
    await page.fill('input[name=password]', 'any');
    await page.click('button[type=submit]');
    // The page that asks for consent has the same button under another name.
    await page.waitForSelector('input[name=prompt][value=consent]', { state: 'attached' });
    // Where nobody listens, what counts is the address.
    const back = page.waitForRequest((request) => new URL(request.url()).protocol === 'http:');
    back.catch(() => {});
    await page.click(action.startsWith('deny') ? 'a[href*="/abort"]' : 'button[type=submit]');
    if (action === 'elsewhere') {
      const url = (await back).url();
      console.log(JSON.stringify({ url, title: '', text: '', status: 0, headers: {}, loaded: [url] }));
    } else if (!isDevice) await page.waitForURL((address) => address.protocol === 'http:');
  }
  if (action !== 'elsewhere') {
    await page.waitForLoadState();
    if (rest[0]) await page.screenshot({ path: rest[0], fullPage: true });
    console.log(JSON.stringify({
      url: page.url(),
      title: await page.title(),
      text: await page.locator('body').innerText(),
      status: last?.status(),
      headers: last?.headers(),
      loaded,
    }));
  }
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
