# SPDX-License-Identifier: Apache-2.0
# What the tests of the program share: sourced by every test_*.sh.
#
# CAMX, JSON_CHECK: the built programs. CAMX_SOURCE_ROOT: the source tree. Each test runs in an empty folder.
set -u
LC_ALL=C
export LC_ALL
unset CAMX_NUM_THREADS OMP_NUM_THREADS
demo=$CAMX_SOURCE_ROOT/docs/demo
golden=$CAMX_SOURCE_ROOT/tests/golden/data
net=$demo/efficientnet_lite0.onnx
cat=$demo/cat.png
tiny=$CAMX_SOURCE_ROOT/tests/bindings/tiny.onnx # a network that takes any size
failures=0
checks=0
folder=$(mktemp -d)
trap 'chmod -R u+rwX "$folder" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder" || exit 2

# Runs the program: its exit code is in $code, what it printed in the files out and err.
run() {
    command="camx $*"
    "$CAMX" "$@" >out 2>err </dev/null
    code=$?
}

fails() {
    failures=$((failures + 1))
    printf 'FAILED: %s\n  after: %s (exit code %s)\n' "$1" "$command" "$code"
    sed 's/^/  out: /' out | head -n 20
    sed 's/^/  err: /' err | head -n 20
}

passes() { checks=$((checks + 1)); }

code_is() {
    passes
    [ "$code" -eq "$1" ] || fails "the exit code should be $1"
}

# out_has WORDS, err_has WORDS: a fixed string in what was printed; out_empty, err_empty.
out_has() {
    passes
    grep -qF -e "$1" out || fails "stdout should have '$1'"
}
err_has() {
    passes
    grep -qF -e "$1" err || fails "stderr should have '$1'"
}
err_lacks() {
    passes
    ! grep -qF -e "$1" err || fails "stderr should not have '$1'"
}
out_empty() {
    passes
    [ ! -s out ] || fails "stdout should be empty"
}
err_empty() {
    passes
    [ ! -s err ] || fails "stderr should be empty"
}

# One line on stderr, no more: an error is one sentence.
err_one_line() {
    passes
    [ "$(wc -l <err)" -eq 1 ] || fails "stderr should be one line"
}

# is TEXT TEXT: two texts are equal.
is() {
    passes
    [ "$1" = "$2" ] || fails "'$1' should be '$2'"
}

# The files of this folder other than out and err, sorted, on one line.
files() { find . -type f ! -name out ! -name err | sed 's|^\./||' | sort | tr '\n' ' ' | sed 's/ $//'; }

files_are() {
    passes
    [ "$(files)" = "$1" ] || fails "the files should be '$1' but are '$(files)'"
}

clean() { find . -mindepth 1 ! -name out ! -name err -exec rm -rf {} + 2>/dev/null; }

# json PATH: the value at PATH of the document in out; fails the test if out is no such document.
json() { "$JSON_CHECK" out "$1" 2>>err || echo "(no $1)"; }
json_ok() {
    passes
    "$JSON_CHECK" out 2>>err || fails "stdout should be one JSON document"
}
json_is() {
    passes
    found=$(json "$1")
    [ "$found" = "$2" ] || fails "$1 should be '$2' but is '$found'"
}

# The size of a PNG file, WxH, from its header.
png_size() { od -An -tu1 -j16 -N8 "$1" | awk '{print ($3 * 256 + $4) "x" ($7 * 256 + $8)}'; }

# A test ends with `finish`.
finish() {
    printf '%s checks, %s failed\n' "$checks" "$failures"
    [ "$failures" -eq 0 ] && [ "$checks" -gt 0 ]
    exit
}
