"""How a person's servers are started."""

import os
import sys
from pathlib import Path

from readingroom_hub.settings import HubSettings
from readingroom_hub.spawner import LocalSpawner, prepare_spawn, refuse_unknown_server, tell_of_end
from readingroom_hub.telling.logins import Logins
from readingroom_hub.telling.teller import teller

c = get_config()

LocalSpawner.settings = HubSettings.from_environment()
if (telling := teller(LocalSpawner.settings)) is not None:
    LocalSpawner.logins = Logins(telling)
c.JupyterHub.spawner_class = LocalSpawner
c.Spawner.pre_spawn_hook = prepare_spawn
c.Spawner.post_stop_hook = tell_of_end
c.Spawner.auth_state_hook = refuse_unknown_server

# A file that a workbench plants in its home must never configure a server.
c.Spawner.disable_user_config = True
c.Spawner.env_keep = ["LANG", "LC_ALL", "TZ"]
c.Spawner.environment = {
    "PATH": f"{Path(sys.prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin",
    "PYTHONNOUSERSITE": "1",
}
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []

# The first start of all compiles bytecode; on a busy laptop that takes far longer than the later ones.
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
