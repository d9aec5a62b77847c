import { cpus, release, totalmem } from 'node:os';
import { EXIT } from '../errors.ts';
import type { Bench } from './bench.ts';
import { exact, start } from './catalogue.ts';
import { crowd } from './crowd.ts';
import { empty } from './empty.ts';
import { flood } from './flood.ts';

const BENCHES: readonly Bench[] = [empty, flood, crowd, start, exact];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `error: no benchmark ${unknown.join(', ')}\nhint: there are ${BENCHES.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(EXIT.usage);
}
const [cpu] = cpus();
process.stdout.write(
  `Linux ${release()}, ${cpus().length} x ${cpu?.model.trim() ?? 'cpu'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ` +
    `${process.getuid?.() === 0 ? 'root' : 'ordinary user'}\n`,
);
let kept = true;
for (const bench of BENCHES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  process.stdout.write(`\n${bench.name}: ${bench.about}\n`);
  for (const { what, value, unit, promise } of await bench.run()) {
    kept &&= promise?.kept ?? true;
    const verdict = promise ? `   ${promise.kept ? 'ok' : 'MISSED'} (${promise.text})` : '';
    process.stdout.write(
      `  ${what.padEnd(44)} ${value.toLocaleString('en', { maximumFractionDigits: 2 }).padStart(10)} ${unit}${verdict}\n`,
    );
  }
}
process.exitCode = kept ? EXIT.passed : EXIT.failed;
