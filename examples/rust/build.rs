// SPDX-License-Identifier: GPL-2.0-only
//
// Links libhmmu.a of the installation that pkg-config finds; PKG_CONFIG_PATH says where to look beside the usual places.
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    let output = Command::new("pkg-config")
        .args(["--variable=libdir", "hmmu >= 0.1"])
        .output()
        .expect("pkg-config can't be run");
    if !output.status.success() {
        panic!("{}", String::from_utf8_lossy(&output.stderr));
    }
    let folder = String::from_utf8(output.stdout).expect("a path in UTF-8");
    println!("cargo:rerun-if-changed={}/libhmmu.a", folder.trim());
    println!("cargo:rustc-link-search=native={}", folder.trim());
    println!("cargo:rustc-link-lib=static=hmmu");
}
