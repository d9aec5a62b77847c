import { check } from './errno.ts';
import { addressOf, libc } from './libc.ts';
import type { Fd } from './libc.ts';
import { enter } from './namespaces.ts';
import { close, tcpSocket } from './sockets.ts';

const SIOCETHTOOL = 0x8946;
const ETHTOOL_STSO = 0x1f;
// struct ifreq (name, pointer) and, behind it, the struct ethtool_value that it points to: one buffer, so that it never moves.
const IFREQ = 40;
const SIZE = 128;

/** Segmentation offload off: each segment is a packet of its own in a capture, never one of up to 64 KB. */
export function disableSegmentationOffload(ns: Fd, link: string): void {
  const request = Buffer.alloc(SIZE);
  request.write(link, 0, 15, 'latin1');
  request.writeBigUInt64LE(addressOf(request) + BigInt(IFREQ), 16);
  request.writeUInt32LE(ETHTOOL_STSO, IFREQ);
  enter(ns, () => {
    const fd = tcpSocket();
    try {
      check(libc.ioctl(fd, SIOCETHTOOL, request), 'ioctl', `segmentation offload of ${link}`);
    } finally {
      close(fd);
    }
  });
}
