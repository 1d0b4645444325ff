#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes an archive of one object, the kernel of programs in emulated memory, from archives. Its memory is native/kapi/live's:
# live-kernel.sh LD OBJCOPY AR OUTPUT ARCHIVE...
set -eu
ld=$1 objcopy=$2 ar=$3 output=$4
shift 4

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$ld" -r -o "$folder/kernel.o" --whole-archive "$@"
"$objcopy" --redefine-sym calloc=live_calloc --redefine-sym malloc=live_alloc --redefine-sym free=live_free \
	--redefine-sym mmap=live_kernel_mmap --redefine-sym mprotect=live_kernel_mprotect \
	--redefine-sym munmap=live_kernel_munmap "$folder/kernel.o"
rm -f "$output"
"$ar" rcs "$output" "$folder/kernel.o"
