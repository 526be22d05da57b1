"""The proxy where no PID namespace is to be had: Traefik bound to the life of the hub."""

import os
from pathlib import Path
from subprocess import Popen

from jupyterhub_traefik_proxy.fileprovider import TraefikFileProviderProxy

from readingroom_hub.bound import bound


class BoundTraefikProxy(TraefikFileProviderProxy):  # type: ignore[misc] # it has no types
    """The stock proxy class, except that a killed hub takes Traefik with it."""

    def _start_traefik(self) -> None:
        configuration = str(Path(self.static_config_file).absolute())
        command = bound(["traefik", "--configfile", configuration])
        self.traefik_process = Popen(command, env={**os.environ, **self.traefik_env})
