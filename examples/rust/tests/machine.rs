// SPDX-License-Identifier: GPL-2.0-only
use hmmu::sys::{HMMU_ENTRY_DEV, HMMU_ENTRY_SYS, HMMU_ERR_ORDER, HMMU_ERR_SIGSEGV, HMMU_PFN_MIGRATE, HMMU_WHY_PINNED};
use hmmu::sys::{HMMU_PROFILE_LINUX_6_12, HMMU_SELECT_DEVICE_PRIVATE, HMMU_SELECT_SYSTEM};
use hmmu::{Driver, Error, Machine, Migration, Options, Process, Result, PAGE_SIZE};
use std::panic::{catch_unwind, AssertUnwindSafe};

const PAGES: usize = 4;

/// Takes all to the device, and then does something else.
struct TakeAll<F: FnMut() -> Result<()>>(F);

impl<F: FnMut() -> Result<()>> Driver for TakeAll<F> {
    fn alloc_and_copy(&mut self, migration: &mut Migration<'_>) -> Result<()> {
        for index in 0..migration.len() {
            if migration.src(index).has(HMMU_PFN_MIGRATE) {
                migration.move_entry(index, true)?;
            }
        }
        (self.0)()
    }
}

fn machine() -> Machine {
    Machine::new(Options { ram_pages: 1024, device_pages: 16, ..Options::default() }).unwrap()
}

/// A process with a buffer that was written to.
fn buffer(machine: &Machine) -> (Process<'_>, u64) {
    let process = machine.process().unwrap();
    let address = process.map(PAGES as u64, 0).unwrap();
    for page in 0..PAGES as u64 {
        process.store(address + page * PAGE_SIZE, &[page as u8 + 1]).unwrap();
    }
    (process, address)
}

fn kinds(process: &Process, address: u64) -> Vec<u32> {
    process.dump(address, PAGES).unwrap().iter().map(|entry| entry.kind).collect()
}

#[test]
fn pages_move_but_for_a_pinned_one() {
    let machine = machine();
    let (process, address) = buffer(&machine);
    let pin = process.pin(address + PAGE_SIZE, false).unwrap();
    let why = process.migrate(address, PAGES, &mut TakeAll(|| Ok(()))).unwrap();
    assert_eq!(why, [0, HMMU_WHY_PINNED, 0, 0]);
    assert_eq!(kinds(&process, address), [HMMU_ENTRY_DEV, HMMU_ENTRY_SYS, HMMU_ENTRY_DEV, HMMU_ENTRY_DEV]);
    drop(pin);
    assert_eq!(process.migrate(address, PAGES, &mut TakeAll(|| Ok(()))).unwrap()[1], 0);
    let mut byte = [0];
    process.load(address + PAGE_SIZE, &mut byte).unwrap();
    assert_eq!(byte, [2]);
    process.exit().unwrap();
    assert_eq!(machine.device_free(), 16);
    assert_eq!(machine.verify(), [""; 0]);
}

#[test]
fn an_error_of_the_driver_undoes_the_migration() {
    let machine = machine();
    let (process, address) = buffer(&machine);
    let own = Error { errno: 5, code: 0, text: "the device is on fire".into() };
    let result = process.migrate(address, PAGES, &mut TakeAll(|| Err(own.clone())));
    assert_eq!(result, Err(own.clone()));
    assert_eq!(kinds(&process, address), [HMMU_ENTRY_SYS; PAGES]);
    assert_eq!(machine.verify(), [""; 0]);
}

#[test]
fn a_panic_of_the_driver_reaches_the_caller() {
    let machine = machine();
    let (process, address) = buffer(&machine);
    let panicking = || {
        let _ = process.migrate(address, PAGES, &mut TakeAll(|| panic!("on purpose")));
    };
    let panic = catch_unwind(AssertUnwindSafe(panicking)).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(kinds(&process, address), [HMMU_ENTRY_SYS; PAGES]);
    assert_eq!(machine.verify(), [""; 0]);
}

/// A machine of Linux 6.12, whose drivers make calls.
fn machine_of_today() -> Machine {
    let options = Options { ram_pages: 1024, device_pages: 16, profile: HMMU_PROFILE_LINUX_6_12, ..Options::default() };
    Machine::new(options).unwrap()
}

#[test]
fn a_driver_by_calls_moves_pages_there_and_back() {
    let machine = machine_of_today();
    let (process, address) = buffer(&machine);
    for (select, to_device, kind) in
        [(HMMU_SELECT_SYSTEM, true, HMMU_ENTRY_DEV), (HMMU_SELECT_DEVICE_PRIVATE, false, HMMU_ENTRY_SYS)]
    {
        let mut migration = process.migrate_vma(address, PAGES, select).unwrap();
        for index in 0..migration.len() {
            assert!(migration.src(index).has(HMMU_PFN_MIGRATE));
            assert!(migration.move_entry(index, to_device).unwrap());
        }
        migration.pages().unwrap();
        assert!((0..PAGES).all(|index| migration.src(index).has(HMMU_PFN_MIGRATE)));
        assert_eq!(migration.finalize().unwrap(), [0; PAGES]);
        assert_eq!(kinds(&process, address), [kind; PAGES]);
    }
    assert_eq!(machine.device_free(), 16);
    assert_eq!(machine.verify(), [""; 0]);
}

#[test]
fn a_migration_that_is_not_finalized_is_given_up() {
    let machine = machine_of_today();
    let (process, address) = buffer(&machine);
    let mut migration = process.migrate_vma(address, PAGES, HMMU_SELECT_SYSTEM).unwrap();
    assert!(migration.move_entry(0, true).unwrap());
    assert_eq!(migration.finalize().unwrap_err().code, HMMU_ERR_ORDER);
    drop(process.migrate_vma(address, PAGES, HMMU_SELECT_SYSTEM).unwrap());
    assert_eq!(kinds(&process, address), [HMMU_ENTRY_SYS; PAGES]);
    assert_eq!(machine.device_free(), 16);
    assert_eq!(machine.verify(), [""; 0]);
}

#[test]
fn errors_say_what_was_wrong() {
    let machine = machine();
    let process = machine.process().unwrap();
    let error = process.load(PAGE_SIZE, &mut [0]).unwrap_err();
    assert_eq!((error.errno, error.code), (14, HMMU_ERR_SIGSEGV));
    assert_ne!(error.text, "");
    assert!(Machine::new(Options { ram_pages: 1, ..Options::default() }).is_err());
    assert!(process.migrate(0, usize::MAX, &mut TakeAll(|| Ok(()))).is_err());
}

#[test]
fn equal_calls_make_equal_machines_on_any_thread() {
    let run = || {
        let machine = machine();
        let (process, address) = buffer(&machine);
        process.migrate(address, PAGES, &mut TakeAll(|| Ok(()))).unwrap();
        machine.hash()
    };
    let here = run();
    assert_eq!(std::thread::spawn(run).join().unwrap(), here);
    assert_ne!(machine().hash(), here);
}
