"""The hub side of Reading Room: who may start which server, how it is confined, and the launcher."""
