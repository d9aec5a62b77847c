import { block, unblock } from './block.ts';
import { connect } from './connect.ts';
import { exec, kill } from './exec.ts';
import { flood } from './flood.ts';
import { listen, pause, relisten, resume } from './listen.ts';
import { request } from './request.ts';
import { segment } from './segment.ts';
import type { StepKind } from './step.ts';
import { close, receive, send, setsockopt, shutdown } from './transfer.ts';
import { join, observe, silence, sysctl, until } from './watch.ts';

/** Every step that a scenario can take. */
export const STEPS: readonly StepKind[] = [
  listen,
  relisten,
  pause,
  resume,
  connect,
  send,
  receive,
  shutdown,
  close,
  setsockopt,
  flood,
  segment,
  block,
  unblock,
  exec,
  kill,
  request,
  until,
  observe,
  silence,
  join,
  sysctl,
];
