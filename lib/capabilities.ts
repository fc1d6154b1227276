import { didYouMean } from "./suggest.ts";

/** The extended attribute of a program that gives it rights of root's when anyone runs it (capabilities(7)). */
export const CAPABILITY_XATTR = "security.capability";

/** In the order of their numbers, from 0 on, without `cap_` (linux/capability.h). */
const NAMES: readonly string[] = [
  ...["chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap"],
  ...["linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner"],
  ...["sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice"],
  ...["sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap"],
  ...["mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf"],
  "checkpoint_restore",
];

const NUMBERS: ReadonlyMap<string, bigint> = new Map(NAMES.map((name, i) => [`cap_${name}`, BigInt(i)]));
const ALL = (1n << BigInt(NAMES.length)) - 1n;

/** VFS_CAP_REVISION_2 and VFS_CAP_FLAGS_EFFECTIVE of linux/capability.h. */
const REVISION = 0x02000000;
const EFFECTIVE = 1;
const SIZE = 20;

type Flag = "e" | "i" | "p";
type Sets = Record<Flag, bigint>;

/**
 * The value of `security.capability` for a text as of setcap(8): `cap_net_raw,cap_net_admin+ep`, clauses parted by
 * spaces (cap_from_text(3)).
 *
 * @returns 20 bytes, those that setcap writes: struct vfs_cap_data, revision 2, little endian
 * @throws Error in one line: what is wrong with the text
 */
export function encodeCapabilities(text: string): Uint8Array {
  const sets: Sets = { e: 0n, i: 0n, p: 0n };
  const clauses = text.split(/\s+/).filter((clause) => clause !== "");
  if (clauses.length === 0) throw new Error("it names no capability");
  for (const clause of clauses) applyClause(clause, sets);
  // A file has one bit for all of them.
  const held = sets.p | sets.i;
  if (sets.e !== 0n && (held & ~sets.e) !== 0n) {
    throw new Error("the flag e must be given to all of the capabilities or to none");
  }
  const bytes = Buffer.alloc(SIZE);
  bytes.writeUInt32LE(REVISION | (sets.e === 0n ? 0 : EFFECTIVE), 0);
  for (const half of [0, 1]) {
    const shift = BigInt(32 * half);
    bytes.writeUInt32LE(Number((sets.p >> shift) & 0xffffffffn), 4 + 8 * half);
    bytes.writeUInt32LE(Number((sets.i >> shift) & 0xffffffffn), 8 + 8 * half);
  }
  return new Uint8Array(bytes);
}

/** NAMES, then one or more times an operator and flags. Only the first operator may be `=`. */
function applyClause(clause: string, sets: Sets): void {
  const [, names, actions] = /^([^=+-]*)([=+-][eip]*(?:[+-][eip]+)*)$/.exec(clause) ?? [];
  if (names === undefined || actions === undefined || /^[+-]$/.test(actions)) {
    throw new Error(`${JSON.stringify(clause)} is not of the form NAMES+FLAGS, such as cap_net_raw+ep`);
  }
  // Without names `=` is for all of them, and the other operators are for nothing.
  if (names === "" && !actions.startsWith("=")) throw new Error(`${JSON.stringify(clause)} names no capability`);
  const meant = names === "" ? ALL : names.split(",").reduce((bits, name) => bits | bitsOf(name), 0n);
  for (const [, operator, flags = ""] of actions.matchAll(/([=+-])([eip]*)/g)) {
    if (operator === "=") for (const flag of ["e", "i", "p"] as const) sets[flag] &= ~meant;
    for (const flag of flags as Iterable<string> as Iterable<Flag>) {
      if (operator === "-") sets[flag] &= ~meant;
      else sets[flag] |= meant;
    }
  }
}

function bitsOf(name: string): bigint {
  const folded = name.toLowerCase();
  if (folded === "all") return ALL;
  const number = NUMBERS.get(folded);
  if (number === undefined) {
    throw new Error(`there is no capability ${JSON.stringify(name)}${didYouMean(name, NUMBERS.keys())}`);
  }
  return 1n << number;
}
