"""``python -m readingroom_hub.records``: started by the hub. Exit status 2 for what cannot be used, said in one line."""

import asyncio
import os
import sys

from readingroom.wire.logs import keep_secrets_out_of_logs
from readingroom_hub.records.service import serve
from readingroom_hub.records.settings import RecordsSettings
from readingroom_hub.settings import SettingsError
from readingroom_hub.store.errors import StoreError


def main() -> int:
    """Run the service; return the exit status."""
    keep_secrets_out_of_logs()
    try:
        asyncio.run(serve(RecordsSettings.from_environment(os.environ)))
    except (SettingsError, StoreError) as error:
        sys.stderr.write(f"records: {error} {getattr(error, 'what_to_do', '')}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
