#!/bin/sh
# debian.sh PACKAGE=COMMAND…: make sure of Debian packages, each known by a command or a file it brings (none: always missing).
# Root installs what is missing; anybody else is told the one line to paste, and the status is 1.
set -eu
missing=
there() {
    case $1 in
    '') return 1 ;;
    # shellcheck disable=SC2086 # a pattern: libraries lie in a folder named after the machine
    /*) ls $1 >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null ;;
    esac
}
for pair in "$@"; do
    package=${pair%%=*} command=${pair#*=}
    there "$command" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$missing …"
    # shellcheck disable=SC2086 # a list of package names
    if apt-get -qq update >/dev/null 2>&1 &&
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null 2>&1; then
        exit 0
    fi
    echo "These could not be installed:$missing. Paste: apt-get update && apt-get install -y$missing" >&2
    exit 1
fi
echo "Missing:$missing. Paste: sudo apt-get install -y$missing" >&2
exit 1
