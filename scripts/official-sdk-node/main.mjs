// Lets the official SDKs for Node live through everything in one simulator: main.mjs ENDPOINT KEY_ID KEY_SECRET [LIFE…]
//
// Started by scripts/official-sdk-python/main.py, which starts the simulator. With HTTPS, NODE_EXTRA_CA_CERTS names its authority.
// Invariant: a life ends with nothing left in the simulator. Prints a line for each; ends with 1 if one failed.

import { Cloud } from "./cloud.mjs";

const lives = [
  "network",
  "gateway",
  "fences",
  "machine",
  "machine-change",
  "spot",
  "storage",
  "snapshot",
  "image",
  "interface",
  "ipv6",
  "template",
  "assistant",
  "tags",
  "watch",
  "catalogue",
  "absent",
  "identity",
  "refusals",
  "pop-network",
  "pop-machine",
  "pop-parameters",
];
const [endpoint, accessKeyId, accessKeySecret, ...wanted] = process.argv.slice(2);
const cloud = new Cloud(endpoint, accessKeyId, accessKeySecret);
const scheme = new URL(endpoint).protocol.slice(0, -1);
const calls = async () => (await cloud.page("calls")).total;

for (const name of wanted.length ? wanted : lives) {
  const before = await calls();
  try {
    await (await import(`./${name}.mjs`)).live(cloud);
    await cloud.expectNothing();
    console.log(`ok ${name} node ${scheme} ${(await calls()) - before} calls`);
  } catch (error) {
    console.log(`FAILED ${name} node ${scheme}\n${error.stack}`);
    process.exitCode = 1;
    // The next life begins with nothing.
    await cloud.post("reset", {});
  }
}
