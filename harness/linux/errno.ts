import { ERRNO, lastErrno } from './libc.ts';

const NAMES = new Map<number, string>();
// Aliases (EWOULDBLOCK, EDEADLOCK, ENOTSUP) share a number with the usual name.
for (const [name, number] of Object.entries(ERRNO)) {
  if (!['EWOULDBLOCK', 'EDEADLOCK', 'ENOTSUP'].includes(name)) NAMES.set(number, name);
}

/** `EADDRINUSE` for 98; '' for 0. */
export function errnoName(number: number): string {
  return number === 0 ? '' : (NAMES.get(number) ?? `errno ${number}`);
}

/** A system call that failed. `errno` is the C name, such as `EADDRINUSE`. */
export class SyscallError extends Error {
  override name = 'SyscallError';
  readonly syscall: string;
  readonly errno: string;
  readonly number: number;

  constructor(syscall: string, number: number, about = '') {
    super(`${syscall}: ${errnoName(number)}${about === '' ? '' : ` (${about})`}`);
    this.syscall = syscall;
    this.errno = errnoName(number);
    this.number = number;
  }
}

/** The result of a call that returns -1 for an error; throws `SyscallError` then. */
export function check(result: number, syscall: string, about = ''): number {
  if (result === -1) throw new SyscallError(syscall, lastErrno(), about);
  return result;
}

/** '' for success, else the errno name of the call just made. */
export function errnoOf(result: number): string {
  return result === -1 ? errnoName(lastErrno()) : '';
}
