// SPDX-License-Identifier: GPL-2.0-only
use std::fs::read_to_string;

#[test]
fn round_trip_prints_what_stands_beside_it() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../round-trip");
    let drill = read_to_string(format!("{}.drill", path)).unwrap();
    let expected = read_to_string(format!("{}.expected", path)).unwrap();
    assert_eq!(hmmu::drill::run(&drill).unwrap(), expected);
}

#[test]
fn a_command_that_the_runner_does_not_know_is_an_error() {
    assert!(hmmu::drill::run("A map buf shmem 1").unwrap_err().starts_with("A map buf shmem 1: "));
}
