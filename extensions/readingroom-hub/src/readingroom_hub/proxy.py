"""The local profile's proxy: Traefik bound to the life of the hub, and started again when it ends by itself."""

import os
from pathlib import Path
from subprocess import Popen

from jupyterhub_traefik_proxy.fileprovider import TraefikFileProviderProxy
from tornado.ioloop import PeriodicCallback

from readingroom_hub.bound import bound

WATCH_S = 2.0


class LocalTraefikProxy(TraefikFileProviderProxy):  # type: ignore[misc] # it has no types
    """The stock proxy class, except that a killed hub takes Traefik with it and a dead Traefik comes back.

    Nobody could reach a hub whose proxy has ended; its rules lie in a file, so a new process knows them all.
    """

    async def start(self) -> None:
        """Start Traefik and watch it."""
        await super().start()
        self._watch = PeriodicCallback(self._restart_if_ended, WATCH_S * 1000)
        self._watch.start()

    async def stop(self) -> None:
        """End Traefik for good."""
        self._watch.stop()
        await super().stop()

    def _restart_if_ended(self) -> None:
        status = self.traefik_process.poll()
        if status is not None:
            self.log.error("the proxy ended with status %s; it starts again", status)
            self._start_traefik()

    def _start_traefik(self) -> None:
        configuration = str(Path(self.static_config_file).absolute())
        command = bound(["traefik", "--configfile", configuration])
        self.traefik_process = Popen(command, env={**_environment(), **self.traefik_env})


def _environment() -> dict[str, str]:
    """Return what the proxy needs of the hub's environment: nothing that the hub alone is told."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TZ") if name in os.environ}
