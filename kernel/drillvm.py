#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run drills on a real kernel in a small virtual machine.

    drillvm.py BZIMAGE [--kvm] [-o FOLDER] DRILL...
    drillvm.py BZIMAGE [--kvm] --cat FILE.drills > FILE.expected
    drillvm.py BZIMAGE [--kvm] --json < SCRIPTS > RUNS
    drillvm.py BZIMAGE [--kvm] --bench

BZIMAGE is a kernel that `build` made. DRILL is a .drill file, a .drills file ('=== NAME' before each drill) or a folder
of .drill files. The transcript of NAME goes to NAME.expected next to the drill's file, or in FOLDER. With --cat all
transcripts go to standard output, in the form of a .drills file. With --json the drills are an array of texts; for each
a line comes out, as soon as all are done: {"transcript": TEXT, "void": null or a reason}.

A drill is void if its transcript is worth nothing: the kernel complained, device pages leaked, it hung, or the script
is wrong. It gets no .expected; a message names it, and the exit status is 1.
"""
import argparse
import ctypes
import glob
import gzip
import io
import itertools
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
QEMU = "qemu-system-x86_64"

# An emulated CPU marks pages accessed only for what a program does. Its clock counts instructions and jumps over time in
# which nothing runs, so the load of the host does not matter.
EMULATED = ["-accel", "tcg", "-cpu", "qemu64", "-icount", "shift=3,sleep=off"]
COUNTED = [*EMULATED[:-1], "shift=0,sleep=off"]  # a nanosecond for each instruction
KVM = ["-enable-kvm", "-cpu", "host"]
PARAMETERS = ("console=ttyS0 loglevel=4 panic=-1 nokaslr memmap=64M$0x70000000"
              " oracle_mod.coherent=0x70000000 cgroup.memory=nokmem")

SECONDS = 1500          # of a virtual machine, by the host's clock
MOST_OUTPUT = 2 ** 26   # bytes of a virtual machine's output
MOST_BOOTS = 60
PR_SET_PDEATHSIG = 1
END = "=== END\n"
DONE = "."              # the section behind each whole transcript
MACHINE = "MACHINE"     # the section of a complaint that makes all drills of a machine void
VOID = "!FAIL "


def archive(files):
    """A cpio archive of (name, mode, data, device) entries."""
    numbers = itertools.count(1)
    out = []
    for name, mode, data, device in [*files, ("TRAILER!!!", 0, b"", (0, 0))]:
        path = name.encode() + b"\0"
        fields = (next(numbers), mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + path
        out.append(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))
    return b"".join(out)


def initramfs(runner, drills):
    none = (0, 0)
    files = [(folder, 0o040755, b"", none) for folder in ("dev", "proc", "sys", "tmp")]
    files += [("dev/console", 0o020600, b"", (5, 1)),
              ("init", 0o100755, runner, none),
              ("drills", 0o100644, drills, none)]
    return gzip.compress(archive(files), 1)


def end_with_parent(number):
    """The kernel sends this signal when the process ends that started this one, however it ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def prepare_qemu():
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_OUTPUT, MOST_OUTPUT))
    end_with_parent(signal.SIGKILL)


class Machine:
    """Boots virtual machines in a temporary folder."""

    def __init__(self, kernel, folder, cpu):
        self.kernel = kernel
        self.folder = folder
        self.cpu = cpu
        self.boots = 0
        self.seconds = 0.0
        runner = os.path.join(folder, "runner")
        sources = sorted(glob.glob(os.path.join(glob.escape(HERE), "runner", "*.c")))
        subprocess.run(["gcc", "-D_GNU_SOURCE", "-O2", "-static", "-no-pie", "-o", runner, *sources], check=True)
        with open(runner, "rb") as f:
            self.runner = f.read()

    def boot(self, drills):
        """One virtual machine. Returns what it printed, and why it ended too early, or None."""
        names = ("out", "console", "initramfs", "errors")
        out, console, ram, errors = (os.path.join(self.folder, name) for name in names)
        with open(ram, "wb") as f:
            f.write(initramfs(self.runner, drills))
        for path in (out, console):
            with open(path, "wb"):
                pass
        command = [QEMU, *self.cpu, "-smp", "1", "-m", "2G", "-nodefaults", "-no-user-config", "-display", "none",
                   "-no-reboot", "-kernel", self.kernel, "-initrd", ram, "-append", PARAMETERS,
                   "-serial", "file:" + console, "-device", "virtio-serial-pci",
                   "-chardev", "file,id=out,path=" + out.replace(",", ",,"), "-device", "virtserialport,chardev=out,name=oracle"]
        begin = time.monotonic()
        reason = None
        try:
            with open(errors, "wb") as said:
                done = subprocess.run(command, timeout=SECONDS, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=said, preexec_fn=prepare_qemu, check=False)
            if done.returncode != 0:
                said = read_text(errors).strip().split("\n")[-1]
                reason = "%s ended with %d: %s" % (QEMU, done.returncode, said)
        except subprocess.TimeoutExpired:
            reason = "the machine ran for more than %d s" % SECONDS
        self.seconds += time.monotonic() - begin
        self.boots += 1
        text = read_text(out)
        if reason is None and not text.endswith(END):
            reason = "the machine died: " + " | ".join(read_text(console)[-1500:].split("\n"))
        return text, reason


def read_text(path):
    with open(path, encoding="utf-8", errors="replace", newline="\n") as f:
        return f.read()


def sections(text):
    """(name, body) of each part behind a line '=== NAME'. What is in front of the first is left out."""
    parts = re.split(r"^===[ \t]*(.*)\n", text, flags=re.MULTILINE)
    return [(name.strip(), body) for name, body in zip(parts[1::2], parts[2::2])]


def refusal(script):
    """Why a script can't even be given to the machine, or None. Its lines must not look like the machine's own."""
    if "\0" in script:
        return "the script has a NUL character"
    if re.search(r"^\s*(===|!)", script, flags=re.MULTILINE):
        return "a line of the script begins with '===' or '!'"
    return None


def run_drills(machine, scripts):
    """(transcript, why it is void or None) for each script."""
    runs = [("", refusal(script)) for script in scripts]
    left = [i for i, (_, reason) in enumerate(runs) if reason is None]
    while left:
        if machine.boots == MOST_BOOTS:
            for i in left:
                runs[i] = ("", "not run: %d machines died before" % MOST_BOOTS)
            break
        # Drills have numbers in the machine.
        drills = "".join("=== %d\n%s\n" % (i, scripts[i].rstrip("\n")) for i in left)
        text, reason = machine.boot(drills.encode())
        parts = sections(text)
        # What the machine printed last may be the beginning of a transcript.
        whole = [part for part, after in zip(parts, parts[1:]) if after[0] == DONE]
        done = 0
        for name, body in whole:
            if done == len(left) or name != str(left[done]):
                break
            runs[left[done]] = judge(body)
            done += 1
        if reason is None:
            for i in left[done:]:
                runs[i] = ("", "the machine printed nothing for it")
            for complaint in [judge(body)[1] for name, body in whole if name == MACHINE]:
                for i in left:
                    runs[i] = ("", complaint)
            break
        # The drill that took the machine down is the first one without a transcript, unless the last one failed.
        if done < len(left) and (done == 0 or runs[left[done - 1]][1] is None):
            runs[left[done]] = ("", reason)
            done += 1
        left = left[done:]
    return runs


def judge(body):
    lines = io.StringIO(body, newline="\n").readlines()  # str.splitlines() knows other ends, too
    reasons = [line[len(VOID):].strip() for line in lines if line.startswith(VOID)]
    return "".join(line for line in lines if not line.startswith(VOID)), reasons[0] if reasons else None


def read_drills(path):
    """(name, script, folder) of the drills that a path stands for."""
    if os.path.isdir(path):
        return [drill for file in sorted(os.listdir(path)) if file.endswith(".drill")
                for drill in read_drills(os.path.join(path, file))]
    text = read_text(path)
    folder = os.path.dirname(path) or "."
    if path.endswith(".drills"):
        return [(name, script, folder) for name, script in sections(text)]
    return [(os.path.basename(path)[:-len(".drill")], text, folder)]


def write_transcript(path, transcript):
    """Follows no link: a drill may come from anyone."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        sys.exit("drillvm: %s" % error)
    with open(fd, "w", encoding="utf-8") as f:
        f.write(transcript)


def run_files(machine, args):
    drills = [drill for path in args.drill for drill in read_drills(path)]
    for name, _, _ in drills:
        if "/" in name and not args.cat:
            sys.exit("drillvm: a drill's name is a file's, without a folder: %r" % name)
    runs = run_drills(machine, [script for _, script, _ in drills])
    void = 0
    for (name, _, folder), (transcript, reason) in zip(drills, runs):
        if reason is not None:
            print("drillvm: VOID %s: %s" % (name, reason), file=sys.stderr)
            void += 1
        elif args.cat:
            sys.stdout.write("=== %s\n%s" % (name, transcript))
        else:
            write_transcript(os.path.join(args.out or folder, name + ".expected"), transcript)
    print("drillvm: %d drills, %d void, %d boots, %.1f s" % (len(drills), void, machine.boots, machine.seconds),
          file=sys.stderr)
    return 1 if void else 0


def run_json(machine):
    for transcript, reason in run_drills(machine, json.load(sys.stdin.buffer)):
        print(json.dumps({"transcript": transcript, "void": reason}))
    return 0


def bench(machine):
    text, reason = machine.boot(b"!bench\n")
    print(text.replace(END, ""), end="")
    if reason is not None:
        print("drillvm: " + reason, file=sys.stderr)
    return 0 if reason is None else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernel")
    parser.add_argument("drill", nargs="*")
    parser.add_argument("-o", dest="out")
    parser.add_argument("--cat", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--bench", action="store_true")
    parser.add_argument("--kvm", action="store_true")
    args = parser.parse_intermixed_args()
    missing = [program for program in (QEMU, "gcc") if shutil.which(program) is None]
    if missing:
        parser.error("not installed: %s (Debian: qemu-system-x86, gcc, libc6-dev)" % ", ".join(missing))
    # A signal that ends it ends the virtual machine, too, and removes the folder.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if args.json:
        end_with_parent(signal.SIGTERM)
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(args.kernel, folder, KVM if args.kvm else COUNTED if args.bench else EMULATED)
        if args.bench:
            return bench(machine)
        return run_json(machine) if args.json else run_files(machine, args)


if __name__ == "__main__":
    sys.exit(main())
