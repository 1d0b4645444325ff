// SPDX-License-Identifier: GPL-2.0-only
//! Migrations, and what a driver sees of them.

use crate::{sys, Error, Machine, Result, PAGE_SIZE};
use std::any::Any;
use std::ffi::c_void;
use std::os::raw::c_int;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

const ENOMEM: c_int = 12;
const EINVAL: c_int = 22;
const ECANCELED: c_int = 125;

/// A word of src or dst: flags, and the page frame number above them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Word(pub u64);

impl Word {
    /// Whether a flag, `HMMU_PFN_…` of [`sys`], is set.
    pub fn has(self, flag: u64) -> bool {
        self.0 & flag != 0
    }

    /// The page frame number, where the word has VALID.
    pub fn pfn(self) -> u32 {
        (self.0 >> sys::HMMU_PFN_SHIFT) as u32
    }
}

/// `struct migrate_vma_ops`: a driver.
pub trait Driver {
    /// Provide pages for the entries of src that have MIGRATE.
    fn alloc_and_copy(&mut self, migration: &mut Migration<'_>) -> Result<()>;

    /// Learn which have moved: src still has MIGRATE.
    fn finalize_and_map(&mut self, _migration: &mut Migration<'_>) -> Result<()> {
        Ok(())
    }
}

/// A migration that stands in a callback, or between two calls.
pub struct Migration<'m> {
    machine: &'m Machine,
    state: sys::hmmu_migration_state,
}

impl Migration<'_> {
    /// How many entries it has.
    #[allow(clippy::len_without_is_empty)] // There is no migration without entries.
    pub fn len(&self) -> usize {
        self.state.npages as usize
    }

    /// A word of src.
    pub fn src(&self, index: usize) -> Word {
        assert!(index < self.len(), "entry {} of {}", index, self.len());
        // SAFETY: src has `len` words, and nobody writes to them now.
        Word(unsafe { *self.state.src.add(index) })
    }

    /// A word of dst.
    pub fn dst(&self, index: usize) -> Word {
        assert!(index < self.len(), "entry {} of {}", index, self.len());
        // SAFETY: as above.
        Word(unsafe { *self.state.dst.add(index) })
    }

    /// Set a word of dst.
    pub fn set_dst(&mut self, index: usize, word: Word) {
        assert!(index < self.len(), "entry {} of {}", index, self.len());
        // SAFETY: dst has `len` words, and nobody else looks at them now.
        unsafe { *self.state.dst.add(index) = word.0 }
    }

    /// Give an entry a page of the device, or of RAM: with the contents of its source, locked, and in dst. False where
    /// there is none left.
    pub fn move_entry(&mut self, index: usize, to_device: bool) -> Result<bool> {
        let (m, src) = (self.machine.raw(), self.src(index));
        let alloc = if to_device { sys::hmmu_device_alloc } else { sys::hmmu_page_alloc };
        let mut pfn = 0;
        // SAFETY: the machine lives, and calls from a callback are allowed.
        match self.machine.check(unsafe { alloc(m, &mut pfn) }) {
            Err(error) if error.errno == ENOMEM => return Ok(false),
            other => other?,
        }
        let filled = match src.has(sys::HMMU_PFN_VALID) {
            true => unsafe { sys::hmmu_page_copy(m, pfn, src.pfn()) },
            false => unsafe { sys::hmmu_page_zero(m, pfn) },
        };
        self.machine.check(filled)?;
        // Linux 6.12 hands device pages out locked: zone_device_page_init().
        match self.machine.check(unsafe { sys::hmmu_page_trylock(m, pfn) }) {
            Err(error) if error.code == sys::HMMU_ERR_BUSY => {}
            other => other?,
        }
        let kind = if to_device { sys::HMMU_PFN_DEVICE } else { 0 };
        let flags = sys::HMMU_PFN_VALID | sys::HMMU_PFN_LOCKED | kind;
        self.set_dst(index, Word(u64::from(pfn) << sys::HMMU_PFN_SHIFT | flags));
        Ok(true)
    }
}

/// The state of a migration that is under way.
unsafe fn state_of(raw: *const sys::hmmu_migration) -> sys::hmmu_migration_state {
    // Zero is a value of every field.
    let mut state = std::mem::zeroed();
    sys::hmmu_migrate_state(raw, &mut state);
    state
}

/// What the callbacks get as their data.
struct Call<'a> {
    machine: &'a Machine,
    driver: &'a mut dyn Driver,
    error: Option<Error>,
    panic: Option<Box<dyn Any + Send>>,
}

impl Call<'_> {
    /// Neither an error nor a panic can pass through C: both are kept, and C gets an errno.
    fn run(
        &mut self,
        raw: *mut sys::hmmu_migration,
        callback: fn(&mut dyn Driver, &mut Migration) -> Result<()>,
    ) -> c_int {
        // SAFETY: the migration is under way.
        let mut migration = Migration { machine: self.machine, state: unsafe { state_of(raw) } };
        match catch_unwind(AssertUnwindSafe(|| callback(self.driver, &mut migration))) {
            Ok(Ok(())) => return 0,
            Ok(Err(error)) => self.error = Some(error),
            Err(panic) => self.panic = Some(panic),
        }
        -ECANCELED
    }
}

unsafe extern "C" fn alloc_and_copy(raw: *mut sys::hmmu_migration, data: *mut c_void) -> c_int {
    (*(data as *mut Call)).run(raw, |driver, migration| driver.alloc_and_copy(migration))
}

unsafe extern "C" fn finalize_and_map(raw: *mut sys::hmmu_migration, data: *mut c_void) -> c_int {
    (*(data as *mut Call)).run(raw, |driver, migration| driver.finalize_and_map(migration))
}

static OPS: sys::hmmu_migrate_ops =
    sys::hmmu_migrate_ops { alloc_and_copy: Some(alloc_and_copy), finalize_and_map: Some(finalize_and_map) };

fn end_of(start: u64, pages: usize) -> Result<u64> {
    let length = (pages as u64).checked_mul(PAGE_SIZE);
    let end = length.and_then(|length| start.checked_add(length));
    end.ok_or_else(|| Error { errno: EINVAL, code: 0, text: "the range is too long".into() })
}

pub(crate) fn migrate(
    machine: &Machine,
    tid: u32,
    start: u64,
    pages: usize,
    driver: &mut dyn Driver,
) -> Result<Vec<u8>> {
    let end = end_of(start, pages)?;
    let (mut src, mut dst, mut why) = (vec![0; pages], vec![0; pages], vec![0; pages]);
    let mut call = Call { machine, driver, error: None, panic: None };
    let request = sys::hmmu_migrate_request {
        tid,
        // The arrays have a word for each page of the range as it is rounded.
        start: start & !(PAGE_SIZE - 1),
        end: end & !(PAGE_SIZE - 1),
        src: src.as_mut_ptr(),
        dst: dst.as_mut_ptr(),
        why: why.as_mut_ptr(),
        ops: &OPS,
        data: &mut call as *mut Call as *mut c_void,
        flags: 0,
        fault_page: 0,
        owner: 0,
    };
    // SAFETY: the arrays and the data outlive the call, and are touched by nobody else meanwhile.
    let result = machine.check(unsafe { sys::hmmu_migrate_vma(machine.raw(), &request) });
    if let Some(panic) = call.panic {
        resume_unwind(panic);
    }
    match call.error {
        Some(error) => Err(error),
        None => result.map(|()| why),
    }
}

/// A migration as drivers of Linux 6.12 do it. It has been set up; the driver moves entries, calls `pages()`, looks at
/// src again, and calls `finalize()`. One that is dropped without is given up.
pub struct VmaMigration<'m> {
    raw: *mut sys::hmmu_migration,
    migration: Migration<'m>,
    /// src and dst, to which the library has pointers.
    _words: [Vec<u64>; 2],
    why: Vec<u8>,
}

impl<'m> VmaMigration<'m> {
    /// `migrate_vma_setup()`; `select` is of `HMMU_SELECT_…`.
    pub(crate) fn set_up(machine: &'m Machine, tid: u32, start: u64, pages: usize, select: u32) -> Result<Self> {
        let (mut src, mut dst, mut why) = (vec![0; pages], vec![0; pages], vec![0; pages]);
        let request = sys::hmmu_migrate_request {
            tid,
            start: start & !(PAGE_SIZE - 1),
            end: end_of(start, pages)? & !(PAGE_SIZE - 1),
            src: src.as_mut_ptr(),
            dst: dst.as_mut_ptr(),
            why: why.as_mut_ptr(),
            ops: std::ptr::null(),
            data: std::ptr::null_mut(),
            flags: select,
            fault_page: 0,
            owner: sys::HMMU_DEFAULT_OWNER,
        };
        let mut raw = std::ptr::null_mut();
        // SAFETY: the arrays live as long as the migration, and have a word for each page.
        machine.check(unsafe { sys::hmmu_migrate_vma_setup(machine.raw(), &request, &mut raw) })?;
        // SAFETY: the migration is under way.
        let migration = Migration { machine, state: unsafe { state_of(raw) } };
        Ok(VmaMigration { raw, migration, _words: [src, dst], why })
    }

    /// `migrate_vma_pages()`: entries whose src still has MIGRATE have moved.
    pub fn pages(&mut self) -> Result<()> {
        // SAFETY: the migration is under way.
        self.migration.machine.check(unsafe { sys::hmmu_migrate_vma_pages(self.raw) })
    }

    /// `migrate_vma_finalize()`. Returns for each page why it did not move.
    pub fn finalize(mut self) -> Result<Vec<u8>> {
        let machine = self.migration.machine;
        // SAFETY: the migration is under way. It is over then, but for an error that says it was too early.
        let result = machine.check(unsafe { sys::hmmu_migrate_vma_finalize(self.raw) });
        if !matches!(&result, Err(error) if error.code == sys::HMMU_ERR_ORDER) {
            self.raw = std::ptr::null_mut();
        }
        result.map(|()| std::mem::take(&mut self.why))
    }
}

impl<'m> std::ops::Deref for VmaMigration<'m> {
    type Target = Migration<'m>;

    fn deref(&self) -> &Migration<'m> {
        &self.migration
    }
}

impl std::ops::DerefMut for VmaMigration<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.migration
    }
}

impl Drop for VmaMigration<'_> {
    fn drop(&mut self) {
        if !self.raw.is_null() {
            // SAFETY: the migration is under way.
            unsafe { sys::hmmu_migrate_end(self.raw) };
        }
    }
}
