/** The tablet's scoring as a program: a case on each line of stdin (JSON), what it scored on a line of stdout. */
import { createInterface } from "node:readline";
import { type Case, told } from "./scored";

createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(`${JSON.stringify(told(JSON.parse(line) as Case))}\n`);
});
