"""The audit as the records service keeps it: signed, copied to a second place, sent on, read on pages, and verified."""
