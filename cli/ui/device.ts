import type { InstallEvent } from "../../lib/device/install.ts";
import type { OnEvent, Step } from "../../lib/events.ts";
import type { DeviceReport, InstallReport } from "../../spec/device-reports.ts";
import { bytes, table } from "./text.ts";

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

/** Shows an installation: how much has been sent, and a line for each new word of the device. */
export function createInstallProgress(
  address: string,
  { onEvent, say }: { onEvent: OnEvent; say: (line: string) => void },
): (event: InstallEvent) => void {
  let step: Step | undefined;
  let sent = 0;
  let shown = "";

  function upload(event: { sent: number; size: number }): void {
    if (step === undefined) {
      step = { work: "send", name: address, size: event.size };
      onEvent({ kind: "step-start", step });
    }
    // A login in between has it sent anew, from the beginning.
    onEvent({ kind: "step-bytes", step, size: event.sent - sent });
    sent = event.sent;
    if (sent < event.size) return;
    onEvent({ kind: "step-end", step });
    [step, sent] = [undefined, 0];
  }

  function status(word: string): void {
    if (word !== shown) say(`device: ${word}`);
    shown = word;
  }

  return (event) => {
    if (event.kind === "upload") upload(event);
    else if (event.kind === "status") status(event.status);
    else if (event.accepted) say("the device cancels the installation");
    else say("the device does not confirm that it cancels the installation");
  };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function speed(size: number, milliseconds: number): string {
  return milliseconds < 1 ? "-" : `${bytes(Math.round((size / milliseconds) * 1000))}/s`;
}
