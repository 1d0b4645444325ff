// SPDX-License-Identifier: GPL-2.0-only
//! HMM in userspace: machines, processes, and migrations with a driver written in Rust.
//!
//! A [`Machine`] can go from thread to thread, but is not shared by several (it is `Send`, not `Sync`). All that belongs
//! to it borrows it, so it can't be taken down from within a callback.

pub mod drill;
mod migration;
pub mod sys;

pub use migration::{Driver, Migration, VmaMigration, Word};

use std::cell::Cell;
use std::ffi::{c_void, CStr};
use std::fmt;
use std::marker::PhantomData;
use std::os::raw::{c_char, c_int};
use std::ptr::{null_mut, NonNull};

pub const PAGE_SIZE: u64 = 4096;

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The errno, positive.
    pub errno: c_int,
    /// The stable code, `enum hmmu_error_code` of the header; 0 where there was no machine to ask.
    pub code: u32,
    /// What was wrong, and what is allowed.
    pub text: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (code {}, errno {})", self.text, self.code, self.errno)
    }
}

impl std::error::Error for Error {}

pub type Result<T> = std::result::Result<T, Error>;

/// What kind of machine to make; 0 is each one's default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub ram_pages: u32,
    pub device_pages: u32,
    pub cpus: u32,
    pub profile: u32,
    pub swap_pages: u32,
}

/// RAM, a device, processes.
pub struct Machine {
    raw: NonNull<sys::hmmu>,
    /// A `Cell` is not `Sync`, and so is not what has one.
    _not_sync: PhantomData<Cell<()>>,
}

// SAFETY: the library has no state beside the machine and does not care on which thread a call is made.
unsafe impl Send for Machine {}

impl Machine {
    /// A machine; fails where an option is out of its range, or the host has no memory for it.
    pub fn new(options: Options) -> Result<Machine> {
        let Options { ram_pages, device_pages, cpus, profile, swap_pages } = options;
        // SAFETY: the structure is made of numbers and bools.
        let zero: sys::hmmu_options = unsafe { std::mem::zeroed() };
        let options = sys::hmmu_options { ram_pages, device_pages, cpus, profile, swap_pages, ..zero };
        let mut raw = null_mut();
        // SAFETY: the layout of the options is that of this ABI, which is asked for first.
        let err = unsafe {
            assert_eq!(sys::hmmu_abi(), sys::HMMU_ABI, "libhmmu has another ABI");
            sys::hmmu_create(&options, &mut raw)
        };
        match NonNull::new(raw) {
            Some(raw) if err == 0 => Ok(Machine { raw, _not_sync: PhantomData }),
            _ => Err(Error { errno: -err, code: 0, text: "no such machine can be made".into() }),
        }
    }

    /// A new, empty process.
    pub fn process(&self) -> Result<Process<'_>> {
        let mut pid = 0;
        // SAFETY: the machine lives, and the result has a place.
        self.check(unsafe { sys::hmmu_process_create(self.raw(), &mut pid) })?;
        Ok(Process::of(self, pid))
    }

    /// What is not in balance; nothing, where all is well.
    pub fn verify(&self) -> Vec<String> {
        unsafe extern "C" fn collect(data: *mut c_void, text: *const c_char) {
            (*(data as *mut Vec<String>)).push(CStr::from_ptr(text).to_string_lossy().into_owned());
        }
        let mut complaints = Vec::<String>::new();
        // SAFETY: the list outlives the call, in which alone it is used.
        unsafe { sys::hmmu_verify(self.raw(), Some(collect), &mut complaints as *mut Vec<String> as *mut c_void) };
        complaints
    }

    /// A hash of all state: equal where the same calls were made of a machine with the same options.
    pub fn hash(&self) -> u64 {
        // SAFETY: the machine lives.
        unsafe { sys::hmmu_hash(self.raw()) }
    }

    /// Free pages of the device.
    pub fn device_free(&self) -> u64 {
        // SAFETY: the machine lives.
        unsafe { sys::hmmu_counter(self.raw(), sys::HMMU_COUNT_DEVICE_FREE) }
    }

    /// Empty the LRU pagevecs of every CPU.
    pub fn drain(&self) {
        // SAFETY: the machine lives.
        unsafe { sys::hmmu_lru_add_drain_all(self.raw()) }
    }

    fn raw(&self) -> *mut sys::hmmu {
        self.raw.as_ptr()
    }

    /// The result of a call as a `Result`, with what the machine says of it.
    fn check(&self, result: c_int) -> Result<()> {
        if result >= 0 {
            return Ok(());
        }
        // SAFETY: the error is there until the next call, and is copied before.
        let (code, text) = unsafe {
            let error = &*sys::hmmu_error(self.raw());
            (error.code, CStr::from_ptr(error.text.as_ptr()).to_string_lossy().into_owned())
        };
        Err(Error { errno: -result, code, text })
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // SAFETY: nothing borrows the machine any more, so no callback of it runs, and it can't be refused.
        unsafe { sys::hmmu_destroy(self.raw()) };
    }
}

/// An address space, and the first task in it. It lives until `exit()`, or as long as its machine.
#[derive(Clone, Copy)]
pub struct Process<'m> {
    machine: &'m Machine,
    pid: u32,
    tid: u32,
}

impl<'m> Process<'m> {
    fn of(machine: &'m Machine, pid: u32) -> Process<'m> {
        // SAFETY: the machine lives.
        let tid = unsafe { sys::hmmu_process_task(machine.raw(), pid) };
        Process { machine, pid, tid }
    }

    /// A child.
    pub fn fork(&self) -> Result<Process<'m>> {
        let mut child = 0;
        // SAFETY: the machine lives, and the result has a place. So it is in all calls below.
        self.machine.check(unsafe { sys::hmmu_fork(self.machine.raw(), self.tid, &mut child) })?;
        Ok(Process::of(self.machine, child))
    }

    /// The process ends; later calls on copies of this handle fail.
    pub fn exit(self) -> Result<()> {
        self.machine.check(unsafe { sys::hmmu_exit(self.machine.raw(), self.pid) })
    }

    /// Map private anonymous memory, to read and to write; `address` 0 lets the machine choose. Returns the address.
    pub fn map(&self, pages: u64, address: u64) -> Result<u64> {
        let prot = sys::HMMU_PROT_READ | sys::HMMU_PROT_WRITE;
        let map = sys::hmmu_map { address, pages, kind: sys::HMMU_MAP_ANON, prot, align_huge: false };
        let mut chosen = 0;
        self.machine.check(unsafe { sys::hmmu_mmap(self.machine.raw(), self.tid, &map, &mut chosen) })?;
        Ok(chosen)
    }

    /// munmap() of so many bytes.
    pub fn unmap(&self, address: u64, length: u64) -> Result<()> {
        self.machine.check(unsafe { sys::hmmu_munmap(self.machine.raw(), self.tid, address, length) })
    }

    /// mprotect() of so many bytes; `prot` is `HMMU_PROT_…` of [`sys`].
    pub fn protect(&self, address: u64, length: u64, prot: u32) -> Result<()> {
        self.machine.check(unsafe { sys::hmmu_mprotect(self.machine.raw(), self.tid, address, length, prot) })
    }

    /// madvise() of so many bytes; `advice` is `HMMU_MADV_…` of [`sys`].
    pub fn advise(&self, address: u64, length: u64, advice: u32) -> Result<()> {
        self.machine.check(unsafe { sys::hmmu_madvise(self.machine.raw(), self.tid, address, length, advice) })
    }

    /// Load bytes as the CPU would.
    pub fn load(&self, address: u64, to: &mut [u8]) -> Result<()> {
        let buffer = to.as_mut_ptr() as *mut c_void;
        let (m, tid) = (self.machine.raw(), self.tid);
        self.machine.check(unsafe { sys::hmmu_load(m, tid, address, buffer, to.len(), null_mut()) })
    }

    /// Store bytes as the CPU would.
    pub fn store(&self, address: u64, from: &[u8]) -> Result<()> {
        let buffer = from.as_ptr() as *const c_void;
        let (m, tid) = (self.machine.raw(), self.tid);
        self.machine.check(unsafe { sys::hmmu_store(m, tid, address, buffer, from.len(), null_mut()) })
    }

    /// get_user_pages() of one page; the reference goes with what is returned.
    pub fn pin(&self, address: u64, write: bool) -> Result<Pin<'m>> {
        let mut pfn = 0;
        let flags = if write { sys::HMMU_PIN_WRITE } else { 0 };
        self.machine.check(unsafe { sys::hmmu_pin(self.machine.raw(), self.tid, address, flags, &mut pfn) })?;
        Ok(Pin { machine: self.machine, pfn })
    }

    /// The state of so many pages.
    pub fn dump(&self, address: u64, pages: usize) -> Result<Vec<sys::hmmu_entry>> {
        // SAFETY: zero is a value of every field; the array has as many entries as are asked for.
        let mut entries = vec![unsafe { std::mem::zeroed() }; pages];
        let out = entries.as_mut_ptr();
        self.machine.check(unsafe { sys::hmmu_dump(self.machine.raw(), self.pid, address, pages as u64, out) })?;
        Ok(entries)
    }

    /// The RSS counters and their kin.
    pub fn counters(&self) -> Result<sys::hmmu_mm_counters> {
        // SAFETY: zero is a value of every field.
        let mut out = unsafe { std::mem::zeroed() };
        self.machine.check(unsafe { sys::hmmu_mm_counters(self.machine.raw(), self.pid, &mut out) })?;
        Ok(out)
    }

    /// migrate_vma() over so many pages. Returns for each why it did not move (`enum hmmu_why` of the header), 0 where
    /// it did. An error or a panic of the driver undoes the migration and reaches the caller.
    pub fn migrate(&self, address: u64, pages: usize, driver: &mut dyn Driver) -> Result<Vec<u8>> {
        migration::migrate(self.machine, self.tid, address, pages, driver)
    }

    /// `migrate_vma_setup()` of Linux 6.12 over so many pages, of the kinds `HMMU_SELECT_…` of [`sys`].
    pub fn migrate_vma(&self, address: u64, pages: usize, select: u32) -> Result<VmaMigration<'m>> {
        VmaMigration::set_up(self.machine, self.tid, address, pages, select)
    }
}

/// A reference to a page, as a device that does DMA to it has; given up when dropped.
pub struct Pin<'m> {
    machine: &'m Machine,
    pfn: u32,
}

impl Drop for Pin<'_> {
    fn drop(&mut self) {
        // SAFETY: the machine lives; the page has this pin.
        unsafe { sys::hmmu_unpin(self.machine.raw(), self.pfn, 0) };
    }
}

/// The library's version: "MAJOR.MINOR.PATCH".
pub fn version() -> String {
    // SAFETY: a constant string.
    unsafe { CStr::from_ptr(sys::hmmu_version()) }.to_string_lossy().into_owned()
}

/// The Rust that docs/embedding.md shows is tested as an example of this crate.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/embedding.md")]
struct Embedding;
