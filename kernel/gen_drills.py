#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Print random drills ('=== NAME' before each), the same for the same seed:
those of docs/drills.md with the commands of kernel/drills.md.

    gen_drills.py --seed 1 --count 1000 > random.drills
    gen_drills.py --seed 1 --count 300 --more > random.drills

--more: with swap, coherent device memory, truncation and memory limits.

What could make a transcript depend on chance or block a drill for ever is
kept out: while a page is held, nothing that would wait for its lock is done;
under one migration at most one command can come to wait.
"""
import argparse
import random

NAMES = "ABCDEF"
REGIONS = ["buf", "two", "tri", "cat", "dog"]


class Proc:
    def __init__(self, name, regions):
        self.name = name
        self.regions = regions      # name -> Region, a copy of its own


class Region:
    def __init__(self, kind, pages, thp, ro):
        self.kind, self.pages, self.thp, self.ro = kind, pages, thp, ro


class Drill:
    kinds = [("anon", 74), ("shmem", 10), ("file", 11), ("sharedfile", 5)]
    targets = [("dev", 64), ("sys", 36)]

    def __init__(self, rng, least, most, thp):
        self.rng = rng
        self.least, self.most = least, most
        self.want = rng.randrange(least, most - 12)
        self.lines = []
        self.procs = {}
        self.born = 0
        self.handles = {}           # name -> (kind, region, commands left)
        self.next_handle = 0
        self.devmem = 1024
        self.exclusive = False      # was there an exclusive command
        self.with_thp = thp

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, weighted):
        names = [w[0] for w in weighted]
        return self.rng.choices(names, [w[1] for w in weighted])[0]

    def say(self, line):
        self.lines.append(line)

    # -------------------------------------------------------------- #

    def some_proc(self, but=None):
        names = [p for p in sorted(self.procs) if p != but]
        return self.procs[self.rng.choice(names)] if names else None

    def some_region(self, proc, anon=False):
        names = [n for n, r in sorted(proc.regions.items())
                 if not anon or r.kind == "anon"]
        if not names:
            return None, None
        name = self.rng.choice(names)
        return name, proc.regions[name]

    def pages(self, region, most=None):
        """First and last page of a random part."""
        n = region.pages
        if region.thp and n >= 256 and self.chance(0.75):
            near = self.rng.choice([0, 256, 511, n - 4, self.rng.randrange(n)])
            first = max(0, min(n - 1, near - self.rng.randrange(4)))
            last = min(n - 1, first + self.rng.randrange(8))
        elif self.chance(0.35):
            return 0, n - 1
        elif self.chance(0.4):
            first = last = self.rng.randrange(n)
        else:
            first = self.rng.randrange(n)
            last = self.rng.randrange(first, n)
        if most is not None:
            last = min(last, first + most - 1)
        return first, last

    @staticmethod
    def place(name, region, first, last):
        if first == 0 and last == region.pages - 1:
            return name
        if first == last:
            return "%s[%d]" % (name, first)
        return "%s[%d-%d]" % (name, first, last)

    def part(self, name, region, most=None):
        return self.place(name, region, *self.pages(region, most))

    def byte(self):
        return "0x%02x" % self.rng.randrange(1, 256)

    def handle(self, kind, region):
        name = "h%d" % self.next_handle
        self.next_handle += 1
        self.handles[name] = [kind, region, self.rng.randrange(1, 6)]
        return name

    def held(self):
        return any(h[0] == "hold" for h in self.handles.values())

    # -------------------------------------------------------------- #

    def setup(self):
        if self.chance(0.3):
            self.devmem = self.rng.choice([0, 1, 2, 3, 5, 8, 13, 200])
            self.say("devmem %d" % self.devmem)
        self.procs["A"] = Proc("A", {})
        self.born = 1
        for i in range(self.rng.choice([1, 1, 2, 2, 3])):
            self.map_region(self.procs["A"], i == 0 and self.with_thp)

    def map_region(self, proc, thp=False):
        free = [n for n in REGIONS if all(n not in p.regions
                                          for p in self.procs.values())]
        if not free:
            return
        kind = "anon" if thp else self.pick(self.kinds)
        words, ro = "", kind == "anon" and not thp and self.chance(0.06)
        if thp:
            pages = self.rng.choice([512, 512, 513, 520, 1024])
            words = self.rng.choice([" at2m thp", " at2m thp", " at2m thp", " thp"])
            if words == " thp":
                pages = self.rng.choice([800, 1000])
        else:
            pages = self.pick([(self.rng.randrange(1, 5), 3),
                               (self.rng.randrange(4, 13), 6),
                               (self.rng.randrange(14, 41), 1),
                               (self.rng.choice([258, 300]), 0.3)])
            if self.chance(0.1):
                words = " at2m"
        if ro:
            words = " ro" + words
        proc.regions[free[0]] = Region(kind, pages, thp, ro)
        self.say("%s map %s %s %d%s" % (proc.name, free[0], kind, pages, words))

    # -------------------------------------------------------------- #

    def access(self, proc, write, most=None):
        name, region = self.some_region(proc)
        if not region:
            return None
        where = self.part(name, region, most)
        if write:
            return "%s write %s %s" % (proc.name, where, self.byte())
        return "%s read %s" % (proc.name, where)

    def dump(self, proc):
        name, region = self.some_region(proc)
        if not region:
            return None
        if region.pages > 100 and not self.chance(0.3):
            return "%s dump %s" % (proc.name, self.part(name, region, 12))
        return "%s dump %s" % (proc.name, name)

    def lists(self, region, first, last):
        """A skip= or error= list within the range, now and then outside."""
        out = []
        at = first
        while at <= last and len(out) < 4:
            at += self.rng.randrange(0, 4)
            end = at + self.rng.choice([0, 0, 0, 1, 3])
            if at > last and out:
                break
            out.append("%d" % at if end == at else "%d-%d" % (at, end))
            at = end + 2
        return ",".join(out)

    def migrate(self, proc):
        name, region = self.some_region(proc)
        if not region:
            return
        first, last = self.pages(region)
        to = self.pick(self.targets)
        line = "%s migrate %s to %s" % (
            proc.name, self.place(name, region, first, last), to)
        if self.chance(0.25):
            line += " skip=" + self.lists(region, first, last)
        if self.chance(0.03):
            line += " error=" + self.lists(region, first, last)
        line += self.selection(to)
        if self.chance(0.03):
            line += " owner=other"
        self.say(line)
        if self.chance(0.3):
            self.interleave(proc, name, region, first, last)
        if self.chance(0.6):
            self.say("%s dump %s" % (proc.name, name if region.pages <= 100 else
                                     self.place(name, region, max(0, first - 2),
                                                min(region.pages - 1, first + 12))))

    def selection(self, to):
        if not self.chance(0.15):
            return ""
        return " select=" + self.rng.choice(
            ["system,private", "system,private", "system", "private"])

    def evicted(self):
        if self.chance(0.4) or not self.devmem:
            return "all"
        first = self.rng.choice([0, 0, 1, 2, self.rng.randrange(8)])
        last = first + self.rng.choice([0, 0, 1, 2, 5, 20])
        return "D[%d]" % first if first == last else "D[%d-%d]" % (first, last)

    def evict(self):
        self.say("evict " + self.evicted())
        proc = self.some_proc()
        name, region = self.some_region(proc, anon=True)
        if not region:
            return
        if self.chance(0.4) and self.devmem:
            # the driver migrates in no process: nobody holds mmap_lock
            self.interleave(None, name, region, *self.pages(region))
        if self.chance(0.6):
            self.say("%s dump %s" % (proc.name, self.part(name, region, 14)))

    def mirror(self, proc, where):
        line = "%s mirror %s" % (proc.name, where)
        fault = self.chance(0.55)
        if fault:
            line += " fault" + (" write" if self.chance(0.45) else "")
        if self.chance(0.12):
            line += " owner=other"
        return line, fault

    def near(self, name, region, first, last):
        """A place that most likely meets the range under migration."""
        if self.chance(0.25):
            return self.part(name, region, 6)
        a = self.rng.randint(first, last)
        b = min(last, a + self.rng.choice([0, 0, 0, 1, 2]))
        return self.place(name, region, a, b)

    def interleave(self, proc, name, region, first, last):
        waits = False               # something may wait from here on
        done = False                # something that changes much was done
        for when in ("alloc", "final"):
            if not self.chance(0.65):
                continue
            for _ in range(self.rng.choice([1, 1, 2, 3])):
                line = None
                other = self.some_proc(proc.name if proc else None)
                # whoever also has the region
                peers = [p for p in sorted(self.procs.values(),
                                           key=lambda p: p.name)
                         if name in p.regions]
                if not peers:
                    return
                peer = self.rng.choice(peers)
                kind = self.pick([("access", 40), ("dump", 24), ("count", 6),
                                  ("drop", 6), ("pin", 6), ("advise", 8),
                                  ("fork", 5), ("exit", 4), ("other", 9),
                                  ("own", 2), ("grab", 3), ("mirror", 6),
                                  ("exclusive", 3)])
                if waits and kind not in ("dump", "count"):
                    kind = "dump"
                if self.held() and kind not in ("dump", "count", "drop"):
                    kind = "dump"
                at = self.near(name, region, first, last)
                if kind == "dump":
                    who = peer
                    if region.pages > 100:
                        line = "%s dump %s" % (who.name, self.place(
                            name, region, max(0, first - 1),
                            min(region.pages - 1, first + 10)))
                    else:
                        line = "%s dump %s" % (who.name, name)
                elif kind == "count":
                    line = "%s count" % peer.name
                elif kind == "access":
                    if self.chance(0.5):
                        line = "%s write %s %s" % (peer.name, at, self.byte())
                    else:
                        line = "%s read %s" % (peer.name, at)
                    waits = True
                elif kind == "pin":
                    line = "%s pin %s as %s%s" % (
                        peer.name, at, self.handle("pin", name),
                        " write" if self.chance(0.4) else "")
                    waits = True
                elif kind == "drop" and self.handles:
                    h = self.rng.choice(sorted(self.handles))
                    del self.handles[h]
                    line = "drop %s" % h
                elif kind == "advise":
                    line = "%s advise %s %s" % (
                        peer.name, at, self.rng.choice(["dontneed", "dontneed",
                                                        "free"]))
                elif kind == "grab" and region.kind == "anon" and not done:
                    if "[" not in at or "-" in at:
                        at = "%s[%d]" % (name, first)
                    line = "%s isolate %s as %s" % (
                        peer.name, at, self.handle("isolate", name))
                elif kind == "mirror":
                    line, fault = self.mirror(peer, at)
                    waits = waits or fault
                elif kind == "exclusive" and region.kind == "anon":
                    line = "%s exclusive %s" % (peer.name, at)
                    waits = self.exclusive = True
                elif kind == "fork" and other and len(self.procs) < 3 and \
                        self.born < len(NAMES):
                    line = self.fork(other)
                    done = True
                elif kind == "exit" and other and len(self.procs) > 1:
                    del self.procs[other.name]
                    line = "exit %s" % other.name
                    done = True
                elif kind == "other" and other and name in other.regions:
                    what = self.rng.choice(["unmap", "protect", "protect",
                                            "clear", "lock", "unlock"])
                    waits = waits or what in ("lock", "unlock", "unmap")
                    line = "%s %s" % (other.name, what)
                    if what != "clear":
                        line += " " + at
                    if what == "protect":
                        line += " " + self.rng.choice(["r", "rw", "none"])
                    done = True
                elif kind == "own" and proc:
                    waits = True
                    line = "%s %s" % (proc.name, self.rng.choice(
                        ["clear", "protect %s r" % at, "unmap %s" % at,
                         "advise %s dontfork" % at]))
                if line:
                    self.say("  @%s %s" % (when, line))

    def fork(self, proc):
        child = NAMES[self.born]
        self.born += 1
        self.procs[child] = Proc(child, dict(proc.regions))
        return "fork %s %s" % (proc.name, child)

    def command(self):
        proc = self.some_proc()
        held = self.held()
        for h in sorted(self.handles):
            self.handles[h][2] -= 1
            if self.handles[h][2] <= 0:
                del self.handles[h]
                self.say("drop %s" % h)
                return
        kind = self.pick([
            ("migrate", 30), ("write", 14), ("read", 11), ("dump", 9),
            ("count", 3), ("fork", 4), ("exit", 2), ("protect", 5),
            ("advise", 6), ("lock", 3), ("unlock", 2), ("clear", 2),
            ("unmap", 1.6), ("pin", 5), ("hold", 2.5), ("isolate", 3),
            ("uffd", 1), ("map", 1), ("watch", 1), ("mirror", 7),
            ("exclusive", 3.5), ("evict", 4), ("remap", 1)])
        if held and kind not in ("migrate", "read", "dump", "count", "watch",
                                 "evict", "mirror"):
            kind = "dump"
        if held and kind == "read" and self.exclusive:
            kind = "dump"           # it could wait for the held page
        line = None
        name, region = self.some_region(proc)
        if not region and kind != "map":
            kind = "count"
        if kind == "migrate":
            self.migrate(proc)
        elif kind == "evict":
            self.evict()
        elif kind == "mirror":
            line, fault = self.mirror(proc, self.part(name, region))
            if fault and held:
                line = "%s mirror %s" % (proc.name, name)
        elif kind == "exclusive":
            name, region = self.some_region(proc, anon=self.chance(0.85))
            if region:
                line = "%s exclusive %s" % (proc.name,
                                            self.part(name, region, 8))
                self.exclusive = True
        elif kind == "remap":
            free = [n for n in REGIONS if all(n not in p.regions
                                              for p in self.procs.values())]
            if free:
                first, last = self.pages(region)
                line = "%s remap %s as %s" % (
                    proc.name, self.place(name, region, first, last), free[0])
                proc.regions[free[0]] = Region(region.kind, last - first + 1,
                                               False, region.ro)
        elif kind == "read" and held:
            # a shared or file page could be the held one's neighbour: anon only
            name, region = self.some_region(proc, anon=True)
            if region:
                line = "%s read %s" % (proc.name, self.part(name, region, 40))
        elif kind in ("write", "read"):
            line = self.access(proc, kind == "write", 600)
        elif kind == "dump":
            line = self.dump(proc)
        elif kind == "count":
            line = "%s count" % proc.name
        elif kind == "fork":
            if len(self.procs) < 3 and self.born < len(NAMES):
                line = self.fork(proc)
        elif kind == "exit":
            if len(self.procs) > 1:
                del self.procs[proc.name]
                line = "exit %s" % proc.name
        elif kind == "protect":
            line = "%s protect %s %s" % (
                proc.name, self.part(name, region) if self.chance(0.5) else name,
                self.pick([("r", 4), ("rw", 5), ("none", 1)]))
        elif kind == "advise":
            line = "%s advise %s %s" % (
                proc.name, self.part(name, region),
                self.pick([("dontneed", 5), ("free", 4), ("hugepage", 0.4),
                           ("nohugepage", 0.4), ("dontfork", 0.5),
                           ("unmergeable", 0.2), ("populate_read", 0.8),
                           ("populate_write", 0.8), ("cold", 0.5),
                           ("collapse", 1.5 if region.thp else 0.1)]))
        elif kind in ("lock", "unlock"):
            line = "%s %s %s" % (proc.name, kind, self.part(name, region))
        elif kind == "clear":
            line = "%s clear" % proc.name
        elif kind == "unmap":
            line = "%s unmap %s" % (proc.name, self.part(name, region))
        elif kind == "uffd":
            line = "%s uffd %s" % (proc.name, self.part(name, region))
        elif kind == "pin":
            if len(self.handles) < 5:
                line = "%s pin %s as %s%s" % (
                    proc.name, self.part(name, region, 6),
                    self.handle("pin", name),
                    (" write" if self.chance(0.4) else "") +
                    (" dma" if self.chance(0.35) else ""))
        elif kind in ("hold", "isolate"):
            name, region = self.some_region(proc, anon=kind == "hold")
            if region and len(self.handles) < 5:
                first, last = self.pages(region, 1)
                line = "%s %s %s[%d] as %s" % (proc.name, kind, name, first,
                                               self.handle(kind, name))
        elif kind == "map":
            self.map_region(proc)
        elif kind == "watch":
            line = "%s watch" % proc.name
        if line:
            self.say(line)

    def closing(self):
        """Lines that the end takes."""
        return len(self.handles) + sum(len(p.regions) + 1
                                       for p in self.procs.values())

    def run(self):
        self.setup()
        first = self.procs["A"]
        if self.chance(0.25):
            self.say("A watch")
        for _ in range(self.rng.randrange(1, 4)):
            line = self.access(first, self.chance(0.8), 600)
            if line:
                self.say(line)
        while True:
            total = len(self.lines) + self.closing()
            if total >= self.most - 8 or (total >= self.least and
                                          len(self.lines) >= self.want - 6):
                break
            self.command()
        for h in sorted(self.handles):
            self.say("drop %s" % h)
        for p in sorted(self.procs):
            for name in sorted(self.procs[p].regions):
                self.say("%s dump %s" % (p, name))
            self.say("%s count" % p)
        return "\n".join(self.lines) + "\n"


class More(Drill):
    """Drills with what "More" in kernel/drills.md describes."""

    def setup(self):
        self.swap = self.chance(0.65)
        self.coherent = self.chance(0.5)
        self.shrink = self.chance(0.35) or not (self.swap or self.coherent)
        if not self.swap and self.chance(0.3):
            self.say("memcg %d" % self.rng.choice([6, 10, 16, 24, 40, 60]))
        if self.swap:
            self.say("swap %d" % self.rng.choice([2, 3, 5, 8, 16, 64, 64, 200]))
            # a load may wait for a page in the swap cache that is held
            self.exclusive = True
        if self.coherent:
            self.say("devmem %d coherent" %
                     self.rng.choice([1, 2, 3, 5, 8, 13, 200]))
            self.targets = [("dev", 34), ("coh", 34), ("sys", 32)]
        if self.shrink:
            self.kinds = [("anon", 40), ("shmem", 12), ("file", 34),
                          ("sharedfile", 14)]
        super().setup()

    def say(self, line):
        # eviction of an exclusive coherent page loses it for ever
        if not (self.coherent and " exclusive " in line):
            super().say(line)

    def selection(self, to):
        if not self.coherent or not self.chance(0.75 if to == "sys" else 0.3):
            return super().selection(to)
        return " select=" + self.rng.choice(
            ["coherent", "coherent", "coherent,private"] if to == "sys" else
            ["system,coherent", "system,private", "coherent",
             "system,private,coherent"])

    def evicted(self):
        if not self.coherent or self.chance(0.5):
            return super().evicted()
        if self.chance(0.4):
            return "coh"
        first = self.rng.choice([0, 0, 1, 2])
        last = first + self.rng.choice([0, 0, 1, 2, 5])
        return "C[%d]" % first if first == last else "C[%d-%d]" % (first, last)

    def truncation(self, proc):
        names = [n for n, r in sorted(proc.regions.items()) if r.kind != "anon"]
        if not names:
            return None
        name = self.rng.choice(names)
        pages = proc.regions[name].pages
        return "%s truncate %s %d" % (proc.name, name, self.rng.choice(
            [0, pages, pages + 1, self.rng.randrange(pages + 1),
             self.rng.randrange(pages + 1)]))

    def interleave(self, proc, name, region, first, last):
        before = len(self.lines)
        super().interleave(proc, name, region, first, last)
        lines = [l.split() for l in self.lines[before:]]
        peers = [p for p in sorted(self.procs.values(), key=lambda p: p.name)
                 if name in p.regions]
        if not peers or self.held():
            return
        peer = self.rng.choice(peers)
        when = self.rng.choice(["alloc", "alloc", "final"])
        if self.swap and self.chance(0.5):
            self.say("  @%s %s reclaim %s" % (
                when, peer.name, self.near(name, region, first, last)))
        elif self.shrink and self.chance(0.5) and \
                all(l[1] == "drop" or l[2] in ("dump", "count", "isolate")
                    for l in lines):
            line = self.truncation(peer)
            if line:
                self.say("  @%s %s" % (when, line))
        else:
            return
        if self.chance(0.7):
            self.say("  @%s %s dump %s" % (
                when, peer.name, self.place(name, region, max(0, first - 1),
                                            min(region.pages - 1, first + 10))))

    def command(self):
        kind = self.pick([("old", 70), ("reclaim", 24 if self.swap else 0),
                          ("truncate", 12 if self.shrink else 0),
                          ("longterm", 5 if self.coherent else 0)])
        proc = self.some_proc()
        name, region = self.some_region(proc)
        if kind == "old" or not region or self.held():
            super().command()
        elif kind == "reclaim":
            where = self.part(name, region)
            self.say("%s reclaim %s" % (proc.name, where))
            if self.chance(0.5):
                self.say(self.dump(proc))
        elif kind == "truncate":
            line = self.truncation(proc)
            if line:
                self.say(line)
        elif len(self.handles) < 5:
            self.say("%s pin %s as %s%s longterm" % (
                proc.name, self.part(name, region, 4),
                self.handle("pin", name),
                " write" if self.chance(0.4) else ""))


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--count", type=int, default=100)
    ap.add_argument("--min", type=int, default=20)
    ap.add_argument("--max", type=int, default=60)
    ap.add_argument("--thp", type=float, default=0.2,
                    help="share of drills with a huge-page region")
    ap.add_argument("--more", action="store_true",
                    help="with swap, coherent memory, truncation, limits")
    args = ap.parse_args()
    for i in range(args.count):
        rng = random.Random("%d/%d" % (args.seed, i))
        drill = (More if args.more else Drill)(rng, args.min, args.max,
                                               rng.random() < args.thp)
        print("=== %s%d-%04d\n%s" % ("m" if args.more else "r", args.seed, i,
                                     drill.run()), end="")


if __name__ == "__main__":
    main()
