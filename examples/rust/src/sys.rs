// SPDX-License-Identifier: GPL-2.0-only
//! The C API as it is. Structures and constants are those of `hmmu.h`; `beliefs()` lists what this file believes of
//! them, in C, so that a test can ask a compiler.
#![allow(non_camel_case_types)]

use std::os::raw::{c_char, c_int, c_void};

/// The ABI that this file was written for.
pub const HMMU_ABI: c_int = 1;

/// Structures of the header, each with a list of what a C compiler has to find true.
macro_rules! structures {
    ($($name:ident { $($field:ident: $type:ty,)* })*) => {
        $(#[repr(C)]
        #[derive(Clone, Copy)]
        pub struct $name { $(pub $field: $type,)* })*

        fn layouts() -> Vec<String> {
            let mut list = Vec::new();
            $({
                let it = std::mem::MaybeUninit::<$name>::zeroed();
                let base = it.as_ptr();
                list.push(format!("sizeof(struct {}) == {}", stringify!($name), std::mem::size_of::<$name>()));
                $({
                    // SAFETY: only the address is computed.
                    let field = unsafe { std::ptr::addr_of!((*base).$field) };
                    let offset = field as usize - base as usize;
                    list.push(format!("offsetof(struct {}, {}) == {}", stringify!($name), stringify!($field), offset));
                })*
            })*
            list
        }
    };
}

/// Constants of the header.
macro_rules! constants {
    ($($name:ident: $type:ty = $value:expr;)*) => {
        $(pub const $name: $type = $value;)*

        fn values() -> Vec<String> {
            vec![$(format!("{} == {}", stringify!($name), $name)),*]
        }
    };
}

/// A machine; never seen from inside.
#[repr(C)]
pub struct hmmu {
    _private: [u8; 0],
}
/// A migration under way; never seen from inside.
#[repr(C)]
pub struct hmmu_migration {
    _private: [u8; 0],
}

pub type callback = unsafe extern "C" fn(*mut hmmu_migration, *mut c_void) -> c_int;
pub type report = unsafe extern "C" fn(*mut c_void, *const c_char);

structures! {
    hmmu_options {
        ram_pages: u32,
        device_pages: u32,
        cpus: u32,
        profile: u32,
        quirks_on: u32,
        quirks_off: u32,
        no_contents: bool,
        memcg_limit: u64,
        other_device_pages: u32,
        swap_pages: u32,
        hugetlb_pages: u32,
        coherent_pages: u32,
    }
    hmmu_error {
        err: c_int,
        code: u32,
        rule: u32,
        wait: u32,
        index: u64,
        address: u64,
        text: [c_char; 200],
    }
    hmmu_map {
        address: u64,
        pages: u64,
        kind: u32,
        prot: u32,
        align_huge: bool,
    }
    hmmu_entry {
        address: u64,
        raw: u64,
        kind: u32,
        bits: u32,
        pfn: u32,
        alloc_id: u32,
        r#ref: i32,
        map: i32,
        flags: u32,
        device: bool,
        coherent: bool,
        swap_users: u32,
    }
    hmmu_mm_counters {
        anon: u64,
        file: u64,
        shmem: u64,
        swap: u64,
        mapped: u64,
        locked: u64,
        tables: u64,
        hugetlb: u64,
    }
    hmmu_migrate_ops {
        alloc_and_copy: Option<callback>,
        finalize_and_map: Option<callback>,
    }
    hmmu_migrate_request {
        tid: u32,
        start: u64,
        end: u64,
        src: *mut u64,
        dst: *mut u64,
        why: *mut u8,
        ops: *const hmmu_migrate_ops,
        data: *mut c_void,
        flags: u32,
        fault_page: u32,
        owner: u64,
    }
    hmmu_migration_state {
        machine: *mut hmmu,
        tid: u32,
        pid: u32,
        stage: u32,
        position: u64,
        start: u64,
        end: u64,
        npages: u64,
        cpages: u64,
        src: *mut u64,
        dst: *mut u64,
        callbacks_ran: bool,
        out_of_bounds: bool,
    }
}

constants! {
    HMMU_PFN_SHIFT: u32 = 6;
    HMMU_PFN_VALID: u64 = 1;
    HMMU_PFN_MIGRATE: u64 = 2;
    HMMU_PFN_LOCKED: u64 = 4;
    HMMU_PFN_WRITE: u64 = 8;
    HMMU_PFN_DEVICE: u64 = 16;
    HMMU_PFN_ERROR: u64 = 32;
    HMMU_MAP_ANON: u32 = 0;
    HMMU_PROT_READ: u32 = 1;
    HMMU_PROT_WRITE: u32 = 2;
    HMMU_MADV_HUGEPAGE: u32 = 2;
    HMMU_MADV_NOHUGEPAGE: u32 = 3;
    HMMU_PIN_WRITE: u32 = 1;
    HMMU_SELECT_SYSTEM: u32 = 1;
    HMMU_SELECT_DEVICE_PRIVATE: u32 = 2;
    HMMU_DEFAULT_OWNER: u64 = 1;
    HMMU_PROFILE_LINUX_6_12: u32 = 3;
    HMMU_ENTRY_NOMAP: u32 = 0;
    HMMU_ENTRY_NONE: u32 = 1;
    HMMU_ENTRY_ZERO: u32 = 2;
    HMMU_ENTRY_SYS: u32 = 3;
    HMMU_ENTRY_HUGE: u32 = 4;
    HMMU_ENTRY_HZERO: u32 = 5;
    HMMU_ENTRY_DEV: u32 = 6;
    HMMU_ENTRY_MIG: u32 = 7;
    HMMU_ENTRY_SWAP: u32 = 8;
    HMMU_ENTRY_SPECIAL: u32 = 9;
    HMMU_COUNT_DEVICE_FREE: u32 = 4;
    HMMU_ERR_SIGSEGV: u32 = 8;
    HMMU_ERR_BUSY: u32 = 11;
    HMMU_ERR_ORDER: u32 = 21;
    HMMU_WHY_PINNED: u8 = 12;
}

/// What this file believes of the header, as expressions of C.
pub fn beliefs() -> Vec<String> {
    let mut list = layouts();
    for belief in &mut list {
        *belief = belief.replace("r#", "");
    }
    list.extend(values());
    list.push(format!("HMMU_ABI == {}", HMMU_ABI));
    list
}

extern "C" {
    pub fn hmmu_abi() -> c_int;
    pub fn hmmu_version() -> *const c_char;
    pub fn hmmu_create(options: *const hmmu_options, machine: *mut *mut hmmu) -> c_int;
    pub fn hmmu_destroy(m: *mut hmmu) -> c_int;
    pub fn hmmu_error(m: *const hmmu) -> *const hmmu_error;
    pub fn hmmu_verify(m: *mut hmmu, report: Option<report>, data: *mut c_void) -> c_int;
    pub fn hmmu_hash(m: *const hmmu) -> u64;
    pub fn hmmu_counter(m: *const hmmu, counter: u32) -> u64;
    pub fn hmmu_lru_add_drain_all(m: *mut hmmu);
    pub fn hmmu_process_create(m: *mut hmmu, pid: *mut u32) -> c_int;
    pub fn hmmu_process_task(m: *const hmmu, pid: u32) -> u32;
    pub fn hmmu_fork(m: *mut hmmu, tid: u32, child: *mut u32) -> c_int;
    pub fn hmmu_exit(m: *mut hmmu, pid: u32) -> c_int;
    pub fn hmmu_mm_counters(m: *const hmmu, pid: u32, out: *mut hmmu_mm_counters) -> c_int;
    pub fn hmmu_mmap(m: *mut hmmu, tid: u32, map: *const hmmu_map, address: *mut u64) -> c_int;
    pub fn hmmu_munmap(m: *mut hmmu, tid: u32, address: u64, length: u64) -> c_int;
    pub fn hmmu_mprotect(m: *mut hmmu, tid: u32, address: u64, length: u64, prot: u32) -> c_int;
    pub fn hmmu_madvise(m: *mut hmmu, tid: u32, address: u64, length: u64, advice: u32) -> c_int;
    pub fn hmmu_load(m: *mut hmmu, tid: u32, at: u64, to: *mut c_void, length: usize, done: *mut usize) -> c_int;
    pub fn hmmu_store(m: *mut hmmu, tid: u32, at: u64, from: *const c_void, length: usize, done: *mut usize) -> c_int;
    pub fn hmmu_pin(m: *mut hmmu, tid: u32, address: u64, flags: u32, pfn: *mut u32) -> c_int;
    pub fn hmmu_unpin(m: *mut hmmu, pfn: u32, flags: u32) -> c_int;
    pub fn hmmu_dump(m: *const hmmu, pid: u32, address: u64, pages: u64, out: *mut hmmu_entry) -> c_int;
    pub fn hmmu_migrate_vma(m: *mut hmmu, request: *const hmmu_migrate_request) -> c_int;
    pub fn hmmu_migrate_vma_setup(
        m: *mut hmmu,
        request: *const hmmu_migrate_request,
        mig: *mut *mut hmmu_migration,
    ) -> c_int;
    pub fn hmmu_migrate_vma_pages(mig: *mut hmmu_migration) -> c_int;
    pub fn hmmu_migrate_vma_finalize(mig: *mut hmmu_migration) -> c_int;
    pub fn hmmu_migrate_end(mig: *mut hmmu_migration) -> c_int;
    pub fn hmmu_migrate_state(mig: *const hmmu_migration, out: *mut hmmu_migration_state);
    pub fn hmmu_device_alloc(m: *mut hmmu, pfn: *mut u32) -> c_int;
    pub fn hmmu_page_alloc(m: *mut hmmu, pfn: *mut u32) -> c_int;
    pub fn hmmu_page_trylock(m: *mut hmmu, pfn: u32) -> c_int;
    pub fn hmmu_page_copy(m: *mut hmmu, to: u32, from: u32) -> c_int;
    pub fn hmmu_page_zero(m: *mut hmmu, pfn: u32) -> c_int;
}
