# SPDX-License-Identifier: GPL-2.0-only
"""Runs a drill and prints its transcript: python3 drill.py FILE

A part of the language (docs/drills.md): neither `watch` nor `uffd` nor commands that run amid a migration. A drill
with anything else ends in Unsupported before it begins.
"""

import re
import sys

import hmmu
from hmmu import Entry, Err, HmmuError, Madv, Map, PAGE_SIZE, Pfn, Pin, Prot

MIB = 1 << 20
SUPPORTED = set(
    "devmem map unmap protect advise lock unlock write read clear fork exit pin hold isolate drop migrate dump count".split()
)
WITHOUT_PROCESS = {"devmem", "fork", "exit", "drop"}
PROTS = {"r": Prot.READ, "rw": Prot.READ | Prot.WRITE, "none": Prot.NONE}
PAGE_FLAGS = "locked uptodate dirty lru active referenced swapbacked unevictable mlocked head tail".split()
SHOWN_FLAGS = (1 << len(PAGE_FLAGS)) - 1
ERRNO_CODES = (Err.SYSCALL, Err.SIGSEGV, Err.SIGBUS)


class Unsupported(Exception):
    """The drill uses what this runner does not know."""


class Missing(Exception):
    """A process, region or handle that does not exist."""


def parse(text):
    """The commands of a drill, as lists of words."""
    commands = []
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        verb = words[0] if words[0] in WITHOUT_PROCESS else words[1] if len(words) > 1 else ""
        if verb not in SUPPORTED or words[0].startswith("@"):
            raise Unsupported(" ".join(words))
        commands.append((verb, words))
    return commands


def place_of(first, last):
    """`[3]` or `[2-5]`."""
    return f"[{first}]" if first == last else f"[{first}-{last}]"


def runs(results, first):
    """Results a page, run-length encoded: `[0-7] X [8] Y`."""
    parts = []
    for page, result in enumerate(results, first):
        if parts and parts[-1][2] == result:
            parts[-1][1] = page
        else:
            parts.append([page, page, result])
    return " ".join(f"{place_of(start, end)} {result}" for start, end, result in parts)


def word(value):
    """A word of src or dst as its flags."""
    return "".join(flag.name[0] for flag in Pfn if value & flag) or "-"


def page_list(words, name):
    """The page numbers of `name=i,j-k`."""
    for item in words:
        if item.startswith(f"{name}="):
            ranges = (part.split("-") for part in item[len(name) + 1 :].split(","))
            return {page for part in ranges for page in range(int(part[0]), int(part[-1]) + 1)}
    return set()


class Actor:
    """A process by its name in the drill."""

    def __init__(self, process, regions=(), end=None):
        self.process, self.regions, self.end = process, dict(regions), end

    def place(self, pages, on_boundary):
        """The address of the next region: 1 MiB above a 2 MiB boundary, or on it."""
        free = 1 << 40 if self.end is None else self.end + 2 * MIB
        boundary = -(-free // (2 * MIB)) * 2 * MIB
        address = boundary if on_boundary else boundary + MIB
        self.end = address + pages * PAGE_SIZE
        return address


class Pages:
    """Pages of a region: `buf`, `buf[3]`, `buf[2-5]`."""

    def __init__(self, actor, text):
        name, first, last = re.fullmatch(r"(\w+)(?:\[(\d+)(?:-(\d+))?\])?", text).groups()
        if name not in actor.regions:
            raise Missing
        self.process = actor.process
        base, pages = actor.regions[name]
        self.first = int(first or 0)
        self.last = int(last or first or pages - 1)
        self.count = self.last - self.first + 1
        self.addresses = [base + page * PAGE_SIZE for page in range(self.first, self.last + 1)]
        self.address = self.addresses[0]


class Runner:
    """One method a command; each returns the lines of its results."""

    def __init__(self, machine):
        self.machine = machine
        self.actors = {"A": Actor(machine.process())}
        self.handles = {}
        self.frames = {}

    def run(self, verb, words):
        """The lines of a command's results, and whether the transcript ends there."""
        self.machine.drain()
        try:
            return getattr(self, f"do_{verb}")(*words), False
        except Missing:
            return ["skipped"], False
        except HmmuError as error:
            if error.code in (Err.BLOCKED, Err.BUSY):
                return ["blocked"], True
            if error.code not in ERRNO_CODES:
                raise
            return [error.name], False

    def actor(self, name):
        """A living process."""
        if name not in self.actors:
            raise Missing
        return self.actors[name]

    def on_range(self, call, name, place, *more):
        """A command that is one call without a result."""
        pages = Pages(self.actor(name), place)
        pages.process.on_range(call, pages.address, pages.count, *more)
        return []

    def do_map(self, name, _verb, region, kind, count, *options):
        actor, count = self.actor(name), int(count)
        address = actor.place(count, "at2m" in options or kind == "hugetlb")
        prot = PROTS["r" if "ro" in options else "rw"]
        actor.process.map(count, Map[kind.upper()], prot, address)
        actor.regions[region] = address, count
        if kind not in ("hugetlb", "special"):
            advice = Madv.HUGEPAGE if "thp" in options else Madv.NOHUGEPAGE
            actor.process.on_range("madvise", address, count, advice)
        return []

    def do_unmap(self, name, _verb, place):
        return self.on_range("munmap", name, place)

    def do_protect(self, name, _verb, place, prot):
        return self.on_range("mprotect", name, place, PROTS[prot])

    def do_advise(self, name, _verb, place, advice):
        return self.on_range("madvise", name, place, Madv[advice.upper()])

    def do_lock(self, name, _verb, place):
        return self.on_range("mlock", name, place)

    def do_unlock(self, name, _verb, place):
        return self.on_range("munlock", name, place)

    def do_clear(self, name, _verb):
        self.machine.call("clear_soft_dirty", self.actor(name).process.tid)
        return []

    def do_write(self, name, _verb, place, value):
        pages = Pages(self.actor(name), place)
        data = bytes([int(value, 0)])
        results = [access(pages.process.store, address, data) or "ok" for address in pages.addresses]
        return [] if set(results) == {"ok"} else [runs(results, pages.first)]

    def do_read(self, name, _verb, place):
        pages = Pages(self.actor(name), place)
        results = [access(pages.process.load, address, 1) for address in pages.addresses]
        return [runs([r if isinstance(r, str) else f"0x{r[0]:02x}" for r in results], pages.first)]

    def do_fork(self, _verb, parent, child):
        actor = self.actor(parent)
        self.actors[child] = Actor(actor.process.fork(), actor.regions, actor.end)
        return []

    def do_exit(self, _verb, name):
        self.actor(name).process.exit()
        del self.actors[name]
        return []

    def do_pin(self, name, _verb, place, _as, handle, *write):
        pages = Pages(self.actor(name), place)
        taken = []
        try:
            for address in pages.addresses:
                taken.append(pages.process.pin(address, Pin.WRITE if write else Pin(0)))
        except HmmuError:
            for pfn in taken:
                self.machine.call("unpin", pfn, Pin(0))
            raise
        self.handles[handle] = ("unpin", Pin(0)), taken
        return []

    def do_hold(self, name, verb, place, _as, handle):
        pages = Pages(self.actor(name), place)
        pfn = self.machine.get(verb, pages.process.pid, pages.address)
        self.handles[handle] = {"hold": ("release",), "isolate": ("putback",)}[verb], [pfn]
        return []

    do_isolate = do_hold

    def do_drop(self, _verb, handle):
        if handle not in self.handles:
            raise Missing
        (undo, *arguments), pfns = self.handles.pop(handle)
        for pfn in pfns:
            self.machine.call(undo, pfn, *arguments)
        return []

    def do_migrate(self, name, _verb, place, _to, to, *lists):
        pages = Pages(self.actor(name), place)
        skip, error = page_list(lists, "skip"), page_list(lists, "error")
        lines = []

        def alloc_and_copy(migration):
            lines.append(f"alloc {runs(map(word, migration.src), pages.first)}")
            for index in range(migration.npages):
                self.offer(migration, index, to == "dev", index + pages.first, skip, error)
            lines.append(f"dst {runs(map(word, migration.dst), pages.first)}")

        def finalize_and_map(migration):
            lines.append(f"final {runs(map(word, migration.src), pages.first)}")

        try:
            pages.process.migrate(pages.address, pages.count, alloc_and_copy, finalize_and_map)
        except HmmuError as failure:
            if failure.code != Err.SYSCALL:
                raise
            return [*lines, f"ret -{failure.name}"]
        return [*lines, "ret 0"]

    @staticmethod
    def offer(migration, index, to_device, page, skip, error):
        """The rules of the drills' driver for one entry; the first that fits."""
        src = migration.src[index]
        if not src & Pfn.MIGRATE or page in skip:
            return
        if src & Pfn.VALID and bool(src & Pfn.DEVICE) == to_device:
            return
        if page in error:
            migration.dst[index] = Pfn.ERROR
            return
        migration.move(index, to_device)

    def do_dump(self, name, _verb, place):
        pages = Pages(self.actor(name), place)
        merged = []
        for page, entry in enumerate(pages.process.dump(pages.address, pages.count), pages.first):
            head, letter, number, tail = self.describe(entry)
            last = merged[-1] if merged else None
            grown = last and last[2:5] == [head, letter, tail] and (not letter or number == last[6] + 1)
            if grown:
                last[1], last[6] = page, number
            else:
                merged.append([page, page, head, letter, tail, number, number])
        return [dump_line(*line) for line in merged]

    def describe(self, entry):
        """An entry as the words in front of its page, the page's letter and number, and those behind."""
        kind = Entry(entry.kind)
        if kind in (Entry.NOMAP, Entry.NONE, Entry.SPECIAL):
            return kind.name.lower(), "", 0, ""
        bits = "".join(letter if entry.bits >> bit & 1 else "-" for bit, letter in enumerate("wdas"))
        head = f"{kind.name.lower()} {bits}"
        if kind in (Entry.ZERO, Entry.HZERO, Entry.SWAP):
            return head, "", 0, ""
        flags = [name for bit, name in enumerate(PAGE_FLAGS) if entry.flags >> bit & 1]
        tail = f"ref={entry.ref} map={entry.map} {','.join(flags) or '-'}"
        if entry.device:
            return head, "D", entry.alloc_id, tail
        frame = entry.pfn, entry.alloc_id
        return head, "P", self.frames.setdefault(frame, len(self.frames)), tail

    def do_count(self, name, _verb):
        rss = self.actor(name).process.counters()
        free = self.machine.counter(hmmu.Count.DEVICE_FREE)
        return [f"anon={rss.anon} file={rss.file} shmem={rss.shmem} swap={rss.swap}", f"devfree={free}"]


def access(call, *arguments):
    """A load or store of one page: its result, or the name of the signal that ends it."""
    try:
        return call(*arguments)
    except HmmuError as error:
        if error.code not in (Err.SIGSEGV, Err.SIGBUS):
            raise
        return Err(error.code).name


def dump_line(first, last, head, letter, tail, number, last_number):
    """A line of a dump."""
    if not letter:
        return f"{place_of(first, last)} {head}"
    page = f"{letter}{number}" if first == last else f"{letter}{number}-{letter}{last_number}"
    return f"{place_of(first, last)} {head} {page} {tail}"


def transcript(text):
    """Runs a drill on a fresh machine, which has to be in balance after every command; returns its transcript."""
    commands = parse(text)
    devmem = int(commands[0][1][1]) if commands and commands[0][0] == "devmem" else 1024
    lines = []
    with hmmu.Machine(device_pages=devmem) as machine:
        runner = Runner(machine)
        for verb, words in commands:
            lines.append(" ".join(words))
            if verb == "devmem":
                continue
            results, ended = runner.run(verb, words)
            lines += [f"  {line}" for line in results]
            complaints = machine.verify()
            if complaints:
                raise AssertionError(f"after '{lines[-1]}': {'; '.join(complaints)}")
            if ended:
                break
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python3 drill.py FILE")
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.stdout.write(transcript(file.read()))
