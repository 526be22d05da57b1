"""Load ``jupyterhub_config.d/NN_topic.py`` in the order of their numbers. Nothing is decided here."""

from pathlib import Path

c = get_config()

for topic in sorted((Path(__file__).parent / "jupyterhub_config.d").glob("[0-9][0-9]_*.py")):
    load_subconfig(str(topic))
