#!/bin/sh
# Make .venv with a Python that is new enough, installing Debian's python3-venv where this account may.
set -eu
python=${PYTHON:-python3}

if ! command -v "$python" >/dev/null; then
    echo "Python is missing. Paste: sudo apt-get install -y python3 python3-venv" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$("$python" --version) is too old: Python 3.11 or newer is needed. Name one: make run PYTHON=python3.11" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    sh .ci/debian.sh python3-venv=
fi
[ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
