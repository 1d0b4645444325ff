// SPDX-License-Identifier: GPL-2.0-only
//
// Whether sys.rs says of the header what a C compiler says.
use std::io::Write;
use std::process::{Command, Stdio};

fn cflags() -> Vec<String> {
    let output = Command::new("pkg-config").args(["--cflags", "hmmu"]).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(String::from).collect()
}

#[test]
fn structures_and_constants_are_those_of_the_header() {
    let mut source = String::from("#include <hmmu/hmmu.h>\n");
    for belief in hmmu::sys::beliefs() {
        source += &format!("_Static_assert({}, \"{}\");\n", belief, belief);
    }
    let mut compiler = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
        .args(["-std=c11", "-fsyntax-only", "-xc", "-"])
        .args(cflags())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    compiler.stdin.take().unwrap().write_all(source.as_bytes()).unwrap();
    assert!(compiler.wait().unwrap().success());
}
