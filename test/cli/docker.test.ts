import assert from "node:assert/strict";
import test from "node:test";
import { dockerWords } from "../../cli/docker.ts";

test("words of Docker's command line mean what they mean there, and all others are left alone", () => {
  const cases = {
    "build -t a:1 .": "image build -t a:1 .",
    "build . --tag=a": "image build . --tag=a",
    "build --platform linux/arm64 -ta:1 .": "image build --platform linux/arm64 -ta:1 .",
    "build --tag a .": "image build --tag a .",
    "tag a b": "image tag a b",
    "rmi a b": "image rm a b",
    images: "image ls",
    build: "build",
    "build app --split auto --timeout 5": "build app --split auto --timeout 5",
    "image build -t a .": "image build -t a .",
    "build -t a --progress tty .": "image build -t a --progress auto .",
    "build --progress=rawjson -t a .": "image build --progress=plain -t a .",
    "image build --progress=plain -t a .": "image build --progress=plain -t a .",
    "plan -t": "plan -t",
    constructor: "constructor",
    "build -t a --progress constructor --progress=toString .":
      "image build -t a --progress constructor --progress=toString .",
    "": "",
  };
  for (const [words, meant] of Object.entries(cases)) {
    assert.equal(dockerWords(words.split(" ")).join(" "), meant);
  }
  assert.deepEqual(dockerWords([]), []);
});
