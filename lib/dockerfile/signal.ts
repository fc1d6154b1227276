import { fault } from "./fault.ts";

const NAMES: ReadonlySet<string> = new Set(
  (
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP " +
    "TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX"
  ).split(" "),
);

/** Checks the operand of STOPSIGNAL: a number, or a Linux signal with or without SIG. @throws AircrateError input */
export function checkSignal(text: string, where: string): void {
  const name = text.toUpperCase().replace(/^SIG/, "");
  const realTime = /^RTM(?:IN\+|AX-)(\d{1,2})$/.exec(name);
  if (realTime !== null && Number(realTime[1]) <= (name.startsWith("RTMIN") ? 15 : 14) && Number(realTime[1]) > 0)
    return;
  if (NAMES.has(name) || (/^\d{1,3}$/.test(text) && Number(text) > 0)) return;
  throw fault(where, `"${text}" is no signal`, { hint: "write it like SIGTERM or 15" });
}
