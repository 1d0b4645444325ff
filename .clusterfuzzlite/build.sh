#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What ClusterFuzzLite and OSS-Fuzz run in their container: CC, CFLAGS, LIB_FUZZING_ENGINE, SRC, WORK and OUT are
# theirs.
set -eu

cmake -S "$SRC/hmmu/native/fuzz" -B "$WORK/fuzz" -DCMAKE_C_COMPILER="$CC" -DHMMU_SANITIZE= \
	-DHMMU_FUZZ_ENGINE="$LIB_FUZZING_ENGINE"
cmake --build "$WORK/fuzz" --target fuzz_machine --parallel
cp "$WORK/fuzz/fuzz_machine" "$OUT/"

# The seeds as files in an archive, which is how these tools want them. Lines are "NAME HEX".
python3 - "$SRC/hmmu/native/fuzz/seeds.txt" "$OUT/fuzz_machine_seed_corpus.zip" <<'PYTHON'
import sys
import zipfile

with open(sys.argv[1]) as seeds, zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED) as archive:
    for name, data in (line.split() for line in seeds):
        archive.writestr(name, bytes.fromhex(data))
PYTHON

cat > "$OUT/fuzz_machine.options" <<'OPTIONS'
[libfuzzer]
max_len = 2400
timeout = 25
OPTIONS
