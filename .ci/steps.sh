# SPDX-License-Identifier: GPL-2.0-only
#
# What .ci/run and .ci/long share: the packages, the steps, and the table of steps at the end.
set -euo pipefail
exec </dev/null 2>&1
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CI=true

# All tools that run several jobs use all CPUs: node-gyp and the kernel's build, cmake, ctest.
JOBS=$(nproc)
export JOBS CMAKE_BUILD_PARALLEL_LEVEL=$JOBS CTEST_PARALLEL_LEVEL=$JOBS

steps=()
begins=()

# Ends the step before, and begins the one that is named.
step() {
	steps+=("$*")
	begins+=("$SECONDS")
	printf '\n=== %s\n' "$*"
}

# The minutes of each step, and the line that counts them. Runs whenever the script ends.
summary() {
	local status=$? last=$((${#steps[@]} - 1)) failed=0 i tenths
	[ "$status" -eq 0 ] || failed=1
	begins+=("$SECONDS")
	printf '\nminutes  step\n'
	for i in "${!steps[@]}"; do
		tenths=$(((begins[i + 1] - begins[i] + 3) / 6))
		printf '%5d.%d  %s%s\n' $((tenths / 10)) $((tenths % 10)) "${steps[i]}" \
			"$([ "$failed" -eq 1 ] && [ "$i" -eq "$last" ] && echo ': FAILED')"
	done
	tenths=$(((SECONDS + 3) / 6))
	printf '%5d.%d  in all\n' $((tenths / 10)) $((tenths % 10))
	printf 'steps: %d passed, %d failed\n' $((last + 1 - failed)) "$failed"
}
trap summary EXIT

# Installs the Debian packages that are missing.
debian_packages() {
	local missing=() package
	for package in "$@"; do
		dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
	done
	if [ ${#missing[@]} -gt 0 ]; then
		apt-get update -qq
		DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
	fi
	echo "installed: ${missing[*]:-nothing, all is there}"
}
