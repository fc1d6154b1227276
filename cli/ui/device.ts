import type { InstallEvent } from "../../lib/device/install.ts";
import type { Updater } from "../../lib/device/updater.ts";
import type { DeviceReport, InstallReport } from "../../spec/device-reports.ts";
import { bytes, printable, table } from "./text.ts";

export function renderDevice({ address, uuid, auterionOs, apps }: DeviceReport): string {
  const title = [address, uuid, auterionOs === undefined ? undefined : `AuterionOS ${auterionOs}`];
  const rows = apps.flatMap(({ name, version, status, services }) => [
    [name, version ?? "", status ?? ""],
    ...services.map((one) => [`  ${one.name ?? ""}`, "", one.status ?? ""]),
  ]);
  return `${title.filter((part) => part !== undefined).join("  ")}\n${rows.length === 0 ? "no applications\n" : table(rows)}`;
}

export function renderInstalled({ file, size, device, upload, installation, status }: InstallReport): string {
  const times = `sent in ${seconds(upload)} (${speed(size, upload)}), installed in ${seconds(installation)}`;
  return `${file}: installed on ${device.address}${status === undefined ? "" : ` (${status})`}\n${bytes(size)} ${times}\n`;
}

/** Shows on stderr what goes on: a line a step; on a terminal also the bytes, on one line that is written anew. */
export interface InstallProgress {
  begin(updater: Updater): void;
  event(event: InstallEvent): void;
  end(): void;
}

/** Milliseconds between two writings of a line that changes. */
const REDRAW_MS = 100;

export function createInstallProgress(stream: NodeJS.WriteStream = process.stderr): InstallProgress {
  let start = 0;
  let drawn = 0;
  let open = false;
  let shown = "";

  return {
    begin: ({ device, version }) => say(`sending to ${device.address}, updater ${version}`),
    event(event) {
      if (event.kind === "upload") upload(event);
      else if (event.kind === "status") status(event.status);
      else if (event.accepted) say("the device cancels the installation");
      else say("the device does not confirm that it cancels the installation");
    },
    end: close,
  };

  function upload({ sent, size }: { sent: number; size: number }): void {
    const now = performance.now();
    if (sent === 0) start = now;
    if (!stream.isTTY || (sent < size && now - drawn < REDRAW_MS)) return;
    drawn = now;
    open = true;
    const share = size === 0 ? 100 : Math.floor((sent / size) * 100);
    stream.write(`\r\x1b[K${bytes(sent)} of ${bytes(size)} (${share} %), ${speed(sent, now - start)}`);
  }

  function status(word: string): void {
    if (word !== shown) say(`device: ${word}`);
    shown = word;
  }

  function say(line: string): void {
    close();
    stream.write(`${printable(line)}\n`);
  }

  function close(): void {
    if (open) stream.write("\n");
    open = false;
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function speed(size: number, milliseconds: number): string {
  return milliseconds < 1 ? "-" : `${bytes(Math.round((size / milliseconds) * 1000))}/s`;
}
