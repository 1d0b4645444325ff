// SPDX-License-Identifier: GPL-2.0-only
//! A small runner for drills (`docs/drills.md`): `map` of anonymous memory, `write`, `read`, `migrate`, `dump`, `count`.

use crate::{sys, Driver, Error, Machine, Migration, Options, Process, Result, Word, PAGE_SIZE};
use std::collections::HashMap;

const MIB: u64 = 1 << 20;
const WORD_LETTERS: &[u8] = b"VMLWDE";
const KINDS: [&str; 10] = ["nomap", "none", "zero", "sys", "huge", "hzero", "dev", "mig", "swap", "special"];
const FLAGS: [&str; 11] = [
    "locked",
    "uptodate",
    "dirty",
    "lru",
    "active",
    "referenced",
    "swapbacked",
    "unevictable",
    "mlocked",
    "head",
    "tail",
];

/// Run a drill on a fresh machine, and return its transcript. Commands that this runner does not know, calls that fail
/// and machines out of balance are errors, with the command in front.
pub fn run(text: &str) -> std::result::Result<String, String> {
    let machine = Machine::new(Options { device_pages: 1024, ..Options::default() }).map_err(|e| e.to_string())?;
    let mut runner = Runner::new(&machine).map_err(|e| e.to_string())?;
    let mut transcript = String::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split('#').next().unwrap_or("").split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        let command = words.join(" ");
        machine.drain();
        let results = runner.command(&words).map_err(|error| format!("{}: {}", command, error))?;
        transcript += &format!("{}\n", command);
        for result in results {
            transcript += &format!("  {}\n", result);
        }
        let complaints = machine.verify();
        if !complaints.is_empty() {
            return Err(format!("{}: {}", command, complaints.join("; ")));
        }
    }
    Ok(transcript)
}

/// Pages of a region: where they are, and their numbers in it.
struct Pages {
    address: u64,
    first: usize,
    count: usize,
}

struct Runner<'m> {
    machine: &'m Machine,
    process: Process<'m>,
    regions: HashMap<String, (u64, usize)>,
    end: Option<u64>,
    /// The numbers of system frames, in the order in which dumps first met them.
    frames: HashMap<(u32, u32), u32>,
}

impl<'m> Runner<'m> {
    fn new(machine: &'m Machine) -> Result<Runner<'m>> {
        let process = machine.process()?;
        Ok(Runner { machine, process, regions: HashMap::new(), end: None, frames: HashMap::new() })
    }

    fn command(&mut self, words: &[&str]) -> Result<Vec<String>> {
        match *words {
            ["A", "map", region, "anon", pages] => self.map(region, number(pages)?),
            ["A", "write", place, value] => self.write(&self.place(place)?, number(value)? as u8),
            ["A", "read", place] => self.read(&self.place(place)?),
            ["A", "migrate", place, "to", "dev"] => self.migrate(&self.place(place)?, true),
            ["A", "migrate", place, "to", "sys"] => self.migrate(&self.place(place)?, false),
            ["A", "dump", place] => self.dump(&self.place(place)?),
            ["A", "count"] => self.count(),
            _ => Err(misuse("this runner does not know the command")),
        }
    }

    /// The region begins 1 MiB above a 2 MiB boundary, at least 2 MiB behind the last one.
    fn map(&mut self, region: &str, pages: u64) -> Result<Vec<String>> {
        let free = self.end.map_or(1 << 40, |end| end + 2 * MIB);
        let address = (free + 2 * MIB - 1) / (2 * MIB) * (2 * MIB) + MIB;
        self.process.map(pages, address)?;
        self.process.advise(address, pages * PAGE_SIZE, sys::HMMU_MADV_NOHUGEPAGE)?;
        self.end = Some(address + pages * PAGE_SIZE);
        self.regions.insert(region.into(), (address, pages as usize));
        Ok(vec![])
    }

    /// `buf`, `buf[3]`, `buf[2-5]`.
    fn place(&self, text: &str) -> Result<Pages> {
        let (name, range) = text.trim_end_matches(']').split_once('[').unwrap_or((text, ""));
        let &(base, pages) = self.regions.get(name).ok_or_else(|| misuse("there is no such region"))?;
        let (first, last) = match range.split_once('-') {
            _ if range.is_empty() => (0, pages as u64 - 1),
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(range)?, number(range)?),
        };
        if last < first {
            return Err(misuse("the range ends before it begins"));
        }
        Ok(Pages { address: base + first * PAGE_SIZE, first: first as usize, count: (last - first + 1) as usize })
    }

    fn write(&self, pages: &Pages, value: u8) -> Result<Vec<String>> {
        for page in 0..pages.count as u64 {
            self.process.store(pages.address + page * PAGE_SIZE, &[value])?;
        }
        Ok(vec![])
    }

    fn read(&self, pages: &Pages) -> Result<Vec<String>> {
        let mut results = Vec::new();
        for page in 0..pages.count as u64 {
            let mut byte = [0];
            self.process.load(pages.address + page * PAGE_SIZE, &mut byte)?;
            results.push(format!("0x{:02x}", byte[0]));
        }
        Ok(vec![runs(pages.first, results)])
    }

    fn migrate(&self, pages: &Pages, to_device: bool) -> Result<Vec<String>> {
        let mut driver = DrillDriver { to_device, first: pages.first, lines: Vec::new() };
        self.process.migrate(pages.address, pages.count, &mut driver)?;
        driver.lines.push("ret 0".into());
        Ok(driver.lines)
    }

    /// A line a page; neighbours that are equal, with numbers that go up by one, make one line.
    fn dump(&mut self, pages: &Pages) -> Result<Vec<String>> {
        let mut lines: Vec<DumpLine> = Vec::new();
        for (index, entry) in self.process.dump(pages.address, pages.count)?.iter().enumerate() {
            let line = self.describe(pages.first + index, entry);
            match lines.last_mut() {
                Some(last) if last.continued_by(&line) => last.last = line.last,
                _ => lines.push(line),
            }
        }
        Ok(lines.iter().map(DumpLine::text).collect())
    }

    fn describe(&mut self, page: usize, entry: &sys::hmmu_entry) -> DumpLine {
        let kind = KINDS[entry.kind as usize];
        let bits: String = (0..4).map(|bit| letter(entry.bits, bit, b"wdas")).collect();
        let flags: Vec<&str> =
            (0..FLAGS.len()).filter(|bit| entry.flags >> bit & 1 == 1).map(|bit| FLAGS[bit]).collect();
        let flags = if flags.is_empty() { "-".into() } else { flags.join(",") };
        let (head, page_number) = match entry.kind {
            sys::HMMU_ENTRY_NOMAP | sys::HMMU_ENTRY_NONE | sys::HMMU_ENTRY_SPECIAL => (kind.into(), None),
            sys::HMMU_ENTRY_ZERO | sys::HMMU_ENTRY_HZERO | sys::HMMU_ENTRY_SWAP => (format!("{} {}", kind, bits), None),
            _ => (format!("{} {}", kind, bits), Some(self.page_number(entry))),
        };
        let tail = format!("ref={} map={} {}", entry.r#ref, entry.map, flags);
        DumpLine { first: page, last: page, head, page_number, tail }
    }

    /// `D` and the number in the device, or `P` and that of the frame; one that was freed and is used again is another.
    fn page_number(&mut self, entry: &sys::hmmu_entry) -> (char, u32) {
        if entry.device {
            return ('D', entry.alloc_id);
        }
        let next = self.frames.len() as u32;
        ('P', *self.frames.entry((entry.pfn, entry.alloc_id)).or_insert(next))
    }

    fn count(&self) -> Result<Vec<String>> {
        let rss = self.process.counters()?;
        let first = format!("anon={} file={} shmem={} swap={}", rss.anon, rss.file, rss.shmem, rss.swap);
        Ok(vec![first, format!("devfree={}", self.machine.device_free())])
    }
}

/// The driver behind `migrate`, and what it saw.
struct DrillDriver {
    to_device: bool,
    first: usize,
    lines: Vec<String>,
}

impl DrillDriver {
    fn note(&mut self, name: &str, migration: &Migration, word: fn(&Migration, usize) -> Word) {
        let words = (0..migration.len()).map(|index| word_text(word(migration, index))).collect();
        self.lines.push(format!("{} {}", name, runs(self.first, words)));
    }
}

impl Driver for DrillDriver {
    fn alloc_and_copy(&mut self, migration: &mut Migration<'_>) -> Result<()> {
        self.note("alloc", migration, |m, index| m.src(index));
        for index in 0..migration.len() {
            let src = migration.src(index);
            let there = src.has(sys::HMMU_PFN_VALID) && src.has(sys::HMMU_PFN_DEVICE) == self.to_device;
            if src.has(sys::HMMU_PFN_MIGRATE) && !there {
                migration.move_entry(index, self.to_device)?;
            }
        }
        self.note("dst", migration, |m, index| m.dst(index));
        Ok(())
    }

    fn finalize_and_map(&mut self, migration: &mut Migration<'_>) -> Result<()> {
        self.note("final", migration, |m, index| m.src(index));
        Ok(())
    }
}

/// A line of a dump.
struct DumpLine {
    first: usize,
    last: usize,
    head: String,
    page_number: Option<(char, u32)>,
    tail: String,
}

impl DumpLine {
    fn continued_by(&self, next: &DumpLine) -> bool {
        let count = (self.last - self.first) as u32;
        match (self.page_number, next.page_number) {
            (None, None) => self.head == next.head,
            (Some((letter, number)), Some(other)) => {
                (letter, number + count + 1) == other && self.head == next.head && self.tail == next.tail
            }
            _ => false,
        }
    }

    fn text(&self) -> String {
        let pages = page_range(self.first, self.last);
        let count = (self.last - self.first) as u32;
        match self.page_number {
            None => format!("{} {}", pages, self.head),
            Some((letter, n)) if count == 0 => format!("{} {} {}{} {}", pages, self.head, letter, n, self.tail),
            Some((letter, n)) => {
                format!("{} {} {}{}-{}{} {}", pages, self.head, letter, n, letter, n + count, self.tail)
            }
        }
    }
}

fn misuse(text: &str) -> Error {
    Error { errno: 22, code: 0, text: text.into() }
}

fn number(text: &str) -> Result<u64> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| misuse("a number is expected"))
}

fn letter(bits: u32, bit: usize, letters: &[u8]) -> char {
    if bits >> bit & 1 == 1 {
        letters[bit] as char
    } else {
        '-'
    }
}

/// A word of src or dst as its flags.
fn word_text(word: Word) -> String {
    let letters = (0..WORD_LETTERS.len()).filter(|bit| word.0 >> bit & 1 == 1);
    let text: String = letters.map(|bit| WORD_LETTERS[bit] as char).collect();
    if text.is_empty() {
        "-".into()
    } else {
        text
    }
}

/// `[3]` or `[2-5]`.
fn page_range(first: usize, last: usize) -> String {
    if first == last {
        format!("[{}]", first)
    } else {
        format!("[{}-{}]", first, last)
    }
}

/// Results a page, run-length encoded: `[0-7] X [8] Y`.
fn runs(first: usize, results: Vec<String>) -> String {
    let mut list: Vec<(usize, usize, String)> = Vec::new();
    for (page, result) in (first..).zip(results) {
        match list.last_mut() {
            Some(last) if last.2 == result => last.1 = page,
            _ => list.push((page, page, result)),
        }
    }
    let texts: Vec<String> =
        list.iter().map(|(first, last, result)| format!("{} {}", page_range(*first, *last), result)).collect();
    texts.join(" ")
}
