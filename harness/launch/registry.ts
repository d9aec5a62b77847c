import type { Launcher } from './launcher.ts';
import { local } from './local.ts';

/** Every launcher by its name, as `--on` takes it. */
export const LAUNCHERS: Readonly<Record<string, Launcher>> = { [local.name]: local };
