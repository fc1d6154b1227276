import type { Command } from "../command.ts";

export interface CompletionArguments {
  shell: "bash" | "zsh" | "fish";
}

export const completionCommand: Command<CompletionArguments> = {
  about:
    "Completes commands, options, their values, files, images of the store and references of the lock. It takes effect in shells that are started afterwards.",
  positionals: { shell: { required: true, choices: ["bash", "zsh", "fish"], describe: "Shell that it is for" } },
  examples: [
    ["aircrate completion bash > ~/.local/share/bash-completion/completions/aircrate", "with bash-completion"],
    ["aircrate completion bash >> ~/.bashrc", "bash 4 or later, without it"],
    ["aircrate completion zsh > ~/.zfunc/_aircrate", "a folder of fpath, before compinit is run"],
    ["aircrate completion fish > ~/.config/fish/completions/aircrate.fish", "fish"],
  ],
  action: () => import("../actions/completion.ts"),
};
