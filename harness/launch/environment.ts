const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * The whole environment of the engine: what a scenario measures must not hang on the caller's shell.
 * `PATH` gains the system folders that an ordinary user's lacks (`nft` lives in `/usr/sbin`).
 */
export function engineEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  const path = [...(own['PATH'] ?? '').split(':').filter((folder) => folder !== ''), ...SYSTEM_PATH];
  return {
    PATH: [...new Set(path)].join(':'),
    HOME: own['HOME'] ?? '/',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    UV_THREADPOOL_SIZE: '16',
  };
}
