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
    # A server that a package brings is for our tests to start: none runs after this, now or after the machine's next start.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        trap 'exit 1' HUP INT TERM
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    fi
    # shellcheck disable=SC2086 # a list of package names
    if apt-get -qq update >/dev/null 2>&1 &&
        DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends $missing >/dev/null 2>&1; then
        for package in $missing; do
            [ ! -e "/lib/systemd/system/$package.service" ] || systemctl -q disable "$package" >/dev/null 2>&1 || true
        done
        exit 0
    fi
    echo "These could not be installed:$missing. Paste: apt-get update && apt-get install -y$missing" >&2
    exit 1
fi
echo "Missing:$missing. Paste: sudo apt-get install -y$missing" >&2
exit 1
