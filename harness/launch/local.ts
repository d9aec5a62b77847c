import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { EXIT, FaultError, TcplabError } from '../errors.ts';
import { engineEnvironment } from './environment.ts';
import { eventStream } from './event-stream.ts';
import { LastLines } from './last-lines.ts';
import type { Launcher } from './launcher.ts';
import { demandSandbox, thisMachine } from './rights.ts';
import { sandboxCommand } from './sandbox.ts';

const ENGINE = fileURLToPath(new URL('../engine/main.js', import.meta.url));

/** Seconds that an engine may take to end after its `bye`. */
const GRACE = 10;

/** Milliseconds; Node takes a longer timer for one of 1 ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Runs the engine at `engine` on this machine's kernel, in a sandbox that the kernel itself cleans up. */
export function localLauncher(engine: string): Launcher {
  return {
    name: 'local',
    async run(request, on, { signal, kill, wallTimeout }) {
      await demandSandbox();
      if (signal.aborted || kill.aborted) throw interrupted();
      const [file, args] = sandboxCommand([process.execPath, engine], {
        userNamespace: !thisMachine.root,
      });
      // A session of its own: Ctrl-C at a terminal goes to the whole foreground group, and the engine's one
      // orderly stop is the end of its request.
      const child = execa(file, args, {
        cwd: '/',
        detached: true,
        env: engineEnvironment(process.env),
        extendEnv: false,
        reject: false,
        buffer: false,
        encoding: 'buffer',
        stdin: 'pipe',
      });
      const said = new LastLines(100);
      child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
      // The engine may be dead before it has read its request; how it ended says more than EPIPE.
      child.stdin.on('error', () => undefined);
      child.stdin.write(`${JSON.stringify(request)}\n`);

      let late: string | undefined;
      const killNow = () => child.kill('SIGKILL');
      const tooLate = (what: string) => () => {
        late = what;
        killNow();
      };
      const stop = () => child.stdin.end();
      const wall = Math.min(wallTimeout * 1000, LONGEST_TIMER);
      const timers = [setTimeout(tooLate(`no end after ${wallTimeout} s of wall time`), wall)];
      signal.addEventListener('abort', stop);
      kill.addEventListener('abort', killNow);
      let bye = false;
      try {
        for await (const event of eventStream(child.stdout)) {
          if (event.type === 'bye') {
            bye = true;
            timers.push(setTimeout(tooLate(`no end in ${GRACE} s after its bye`), GRACE * 1000));
          }
          on(event);
        }
        const end = await child;
        if (bye && !end.failed) return;
        if (kill.aborted) throw interrupted();
        throw ended(late ?? howItEnded(end, said.text), bye, said.text);
      } finally {
        timers.forEach(clearTimeout);
        signal.removeEventListener('abort', stop);
        kill.removeEventListener('abort', killNow);
        killNow();
        await child;
      }
    },
  };
}

interface End {
  exitCode?: number | undefined;
  signal?: string | undefined;
  originalMessage?: string | undefined;
}

function howItEnded({ signal, exitCode, originalMessage }: End, said: string): string {
  // unshare of util-linux 2.38 fails to die of the signal that its child died of, and so hides which it was.
  if (said.endsWith('unshare: sigprocmask unblock failed: Invalid argument')) return 'killed by a signal';
  if (signal !== undefined) return `killed by ${signal}`;
  return exitCode === undefined ? (originalMessage ?? 'not started') : `exit code ${exitCode}`;
}

function ended(how: string, bye: boolean, said: string): FaultError {
  const lines = said === '' ? 'It wrote nothing to its standard error.' : `Its last words:\n${said}`;
  return new FaultError(`the engine ended ${bye ? 'badly' : 'without a bye'}: ${how}. ${lines}`);
}

function interrupted(): TcplabError {
  return new TcplabError('interrupted', { code: 'INTERRUPTED', exitCode: EXIT.interrupted });
}

export const local = localLauncher(ENGINE);
