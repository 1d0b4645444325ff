#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes an archive one object, in which only the API is global: one-object.sh LD OBJCOPY AR ARCHIVE
set -eu
ld=$1 objcopy=$2 ar=$3 archive=$4

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$ld" -r -o "$folder/hmmu.o" --whole-archive "$archive"
"$objcopy" --wildcard --keep-global-symbol='hmmu_*' "$folder/hmmu.o"
"$ar" rcs "$folder/archive" "$folder/hmmu.o"
# By its time the next installation sees whether it is still the same.
touch -r "$archive" "$folder/archive"
mv "$folder/archive" "$archive"
