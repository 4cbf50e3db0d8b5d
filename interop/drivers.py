"""The drivers: what is installed or built for each, and a process that answers requests in order."""

import json
import os
import shutil
import subprocess
import sys
import threading
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

# One build per crypto stack, with all that adds an operation.
STACKS = {
    "ring": "ring,rsa,pem,es256k,pbes2,deflate",
    "aws-lc-rs": "aws-lc-rs,pem,es256k,pbes2,deflate",
}


class Driver:
    """A child process that answers one JSON line with one JSON line."""

    def __init__(self, name, command, folder):
        self.name = name
        self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, requests, seconds):
        """Sends all the requests, then returns the answers in their order."""
        overdue = threading.Timer(seconds, self.process.kill)
        writer = threading.Thread(target=self._write, args=(requests,))
        overdue.start()
        writer.start()
        try:
            answers = []
            for identifier, request in enumerate(requests):
                line = self.process.stdout.readline()
                if not line:
                    raise RuntimeError(f"{self.name} gave no answer to {json.dumps(request)}")
                answer = json.loads(line)
                if answer.get("id") != identifier:
                    raise RuntimeError(f"{self.name} answered {line!r} to {json.dumps(request)}")
                answers.append(answer)
            return answers
        finally:
            overdue.cancel()
            # A writer that nobody reads from any more would wait for ever.
            if sys.exc_info()[0] is not None:
                self.process.kill()
            writer.join()

    def _write(self, requests):
        try:
            for identifier, request in enumerate(requests):
                self.process.stdin.write(json.dumps({"id": identifier, **request}).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the reader finds the end of the output, and says so

    def stop(self):
        """Ends the process, by itself if it will."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def build(stack, folder):
    """Builds the conformance example for one stack and returns a copy of it."""
    command = ["cargo", "build", "--locked", "--quiet", "--example", "conformance", "--no-default-features",
               "--features", STACKS[stack], "--message-format", "json-render-diagnostics"]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    messages = [json.loads(line) for line in built.stdout.splitlines()]
    [executable] = {message["executable"] for message in messages
                    if message.get("executable") and message["target"]["name"] == "conformance"}
    # The next stack's build has the same name.
    return shutil.copy(executable, folder / f"conformance-{stack}")


def install_panva(folder):
    """Installs the npm package beside a copy of its driver, without scripts and without a lock file."""
    home = folder / "panva"
    home.mkdir(exist_ok=True)
    for name in ("package.json", "panva.mjs"):
        shutil.copy(HERE / name, home / name)
    if not (home / "node_modules" / "jose").is_dir():
        command = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=home, stdin=subprocess.DEVNULL, check=True)
    return ["node", str(home / "panva.mjs")], home


def install_jwcrypto(folder):
    """Makes a virtual environment with the pinned packages."""
    home = folder / "jwcrypto"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                   "--only-binary", ":all:", "--requirement", str(HERE / "requirements.txt")]
        subprocess.run(command, stdin=subprocess.DEVNULL, check=True)
    return [str(python), str(HERE / "jwcrypto_driver.py")], home


def start_all(folder):
    """Installs, builds and starts everything. The drivers are given out one by one, so that a failure stops them."""
    commands = [(stack, [str(build(stack, folder))], folder) for stack in STACKS]
    commands.append(("panva", *install_panva(folder)))
    commands.append(("jwcrypto", *install_jwcrypto(folder)))
    for name, command, home in commands:
        yield Driver(name, command, home)


def generate_keys(folder):
    """Fresh keys of every type, curve and size: JWKs by name, private."""
    python = folder / "jwcrypto" / "bin" / "python"
    program = """
import json
from jwcrypto import jwk
wanted = {f"rsa{size}": {"kty": "RSA", "size": size} for size in (2048, 3072, 4096)}
wanted |= {f"oct{size}": {"kty": "oct", "size": size} for size in (128, 192, 256, 384, 512, 1024)}
wanted |= {name: {"kty": "EC", "crv": name} for name in ("P-256", "P-384", "P-521", "secp256k1")}
wanted |= {name: {"kty": "OKP", "crv": name} for name in ("Ed25519", "X25519")}
wanted |= {f"another {name}": wanted[name] for name in ("P-256", "Ed25519")}
print(json.dumps({name: jwk.JWK.generate(**kind).export(as_dict=True) for name, kind in wanted.items()}))
"""
    made = subprocess.run([str(python), "-c", program], stdout=subprocess.PIPE, check=True, env={**os.environ})
    return json.loads(made.stdout)
